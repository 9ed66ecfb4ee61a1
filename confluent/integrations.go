package confluent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// The vendor's limits.
const (
	// MaxPageSize is the maximum number of items of a page.
	MaxPageSize = 100
	// MaxDisplayNameLength is the maximum length of a display name, in characters.
	MaxDisplayNameLength = 60
)

// IntegrationsService calls pim/v2, for Azure and Google Cloud. Its methods need the ID of the
// environment of the integrations.
type IntegrationsService struct{ c *Client }

// ListOptions filter a list. A zero field does not filter. Nil options are the same as the zero
// value.
type ListOptions struct {
	// DisplayName selects the integrations whose display name contains it. pim/v2 only.
	// In v1 it is [ErrInvalid].
	DisplayName string
	// Provider selects the integrations of one provider, in any letter case. It is sent
	// unchanged. Whether the server's filter depends on letter case is not documented by
	// the vendor. Therefore the client also compares, and if the server finds nothing, it
	// walks the list without this filter.
	Provider Provider
	// Status selects the integrations in one state. pim/v2 only. In v1 it is
	// [ErrInvalid]. A known state in any letter case is sent as its constant, and any
	// other unchanged. The server compares. Whether its filter depends on letter case is
	// not documented by the vendor.
	Status Status
	// PageSize is the maximum number of items of a page, 1 to [MaxPageSize]. 0 means
	// [MaxPageSize]. The server's own default is 10.
	PageSize int
	// PageToken is the token of the page to begin with: NextToken of the last page read.
	// The other options must be those of the first page.
	PageToken string
}

func (o *ListOptions) check(environment string) []error {
	if o.PageSize == 0 {
		o.PageSize = MaxPageSize
	}
	return []error{core.Required("environment", environment), core.Between("PageSize", o.PageSize, 1, MaxPageSize)}
}

// Get sends GET /pim/v2/integrations/{id}.
func (s *IntegrationsService) Get(
	ctx context.Context, environment, id string, opts ...CallOption,
) (*Integration, error) {
	const op = "Integrations.Get"
	err := invalidCall(op, opts, s.c.check(), core.Required("environment", environment), core.PathValue("id", id))
	if err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, integrationObject,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getIntegration(ctx, id, &getIntegrationParams{Environment: environment})
		})
}

// List walks the integrations of an environment, in the server's order. Nothing is sent before the
// range begins. Each range sends its own requests. An error is yielded once and ends the walk.
func (s *IntegrationsService) List(
	ctx context.Context, environment string, filter *ListOptions, opts ...CallOption,
) iter.Seq2[*Integration, error] {
	return paging.Items(s.Pages(ctx, environment, filter, opts...))
}

// Pages walks the list of [IntegrationsService.List] page by page. A page can be empty and still be
// followed by others. A list that does not end is an error: the server repeats a page token, or
// sends many pages in succession without a new item.
func (s *IntegrationsService) Pages(
	ctx context.Context, environment string, filter *ListOptions, opts ...CallOption,
) iter.Seq2[*sdk.Page[Integration], error] {
	const op = "Integrations.List"
	f := valueOf(filter)
	_ = f.Status.UnmarshalText([]byte(f.Status)) // the spelling of the constant
	checks := f.check(environment)
	walk := func(provider Provider, start string) iter.Seq2[*sdk.Page[Integration], error] {
		send := func(ctx context.Context, pageToken string) (*http.Response, error) {
			return s.c.raw.listIntegrations(ctx, &listIntegrationsParams{
				Environment: environment,
				DisplayName: core.NonZero(f.DisplayName),
				Provider:    core.NonZero(provider),
				Status:      core.NonZero(f.Status),
				PageSize:    core.NonZero(f.PageSize),
				PageToken:   core.NonZero(pageToken),
			})
		}
		return pages(ctx, s.c, op, checks, start, opts, send,
			func(i *Integration) (string, *Config) { return i.ID, &i.Config })
	}
	return ofProvider(f.Provider, f.PageToken,
		func(i *Integration) Provider { return providerOr(i.Provider, i.Config) }, walk)
}

// Create sends POST /pim/v2/integrations.
//
//   - req.Environment.ID is required.
//   - req.Provider or req.Config is required, because the server would assume GCP. If Provider is
//     empty, it is derived from Config. A known provider is sent in lower case, as the vendor's own
//     clients do.
//   - req.Config is usually sent later, by Update: see [IntegrationsService.Provision]. The effect
//     of a Config in this request is not documented by the vendor. Without it, the response is a
//     DRAFT that already has Confluent's identity.
func (s *IntegrationsService) Create(
	ctx context.Context, req IntegrationCreate, opts ...CallOption,
) (*Integration, error) {
	const op = "Integrations.Create"
	req.Provider = lower(providerOr(req.Provider, req.Config))
	err := invalidCall(op, opts, s.c.check(),
		core.Required("Environment.ID", req.Environment.ID),
		core.MaxRunes("DisplayName", req.DisplayName, MaxDisplayNameLength),
		checkConfig(req.Config, false), checkProvider(req.Provider, req.Config))
	if err != nil {
		return nil, err
	}
	req.Environment, req.Config = writable(req.Environment), req.Config.Writable()
	return core.CallObject(ctx, s.c.core, op, opts, integrationObject,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.createIntegration(ctx, req)
		})
}

// Update sends PATCH /pim/v2/integrations/{id}. It sets the configuration of a DRAFT. The DRAFT
// becomes CREATED. The server refuses the request in any other state. req.Environment.ID and
// req.Config are required. The environment is sent in the body.
func (s *IntegrationsService) Update(
	ctx context.Context, id string, req IntegrationUpdate, opts ...CallOption,
) (*Integration, error) {
	const op = "Integrations.Update"
	err := invalidCall(op, opts, s.c.check(),
		core.PathValue("id", id), core.Required("Environment.ID", req.Environment.ID),
		checkConfig(req.Config, true))
	if err != nil {
		return nil, err
	}
	req.Environment, req.Config = writable(req.Environment), req.Config.Writable()
	return core.CallObject(ctx, s.c.core, op, opts, integrationObject,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.updateIntegration(ctx, id, req)
		})
}

// Delete sends DELETE /pim/v2/integrations/{id}. The server refuses it while resources use the
// integration. The status of the refusal is not documented by the vendor.
//
// # Lost responses
//
// If the response to an attempt was lost, and the next attempt gets 404 or 410, the integration is
// gone and Delete succeeds. Two responses are ambiguous: 403 can mean missing or forbidden, and a
// 404 without the form of the vendor's errors can come from a gateway. Then Delete sends GET. If
// that gets the same response, it walks the list:
//
//   - If the integration is gone, Delete succeeds.
//   - If it exists, the error is the refusal.
//   - If Delete can't find out, the error is the refusal and [ErrOutcomeUnknown].
func (s *IntegrationsService) Delete(ctx context.Context, environment, id string, opts ...CallOption) error {
	const op = "Integrations.Delete"
	err := invalidCall(op, opts, s.c.check(), core.Required("environment", environment), core.PathValue("id", id))
	if err != nil {
		return err
	}
	object := paging.Object[Integration]{
		ID: id, IDOf: idOf,
		Read: func(opts ...CallOption) (*Integration, error) { return s.Get(ctx, environment, id, opts...) },
		List: func(opts ...CallOption) iter.Seq2[*Integration, error] { return s.List(ctx, environment, nil, opts...) },
	}
	return object.Remove(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.deleteIntegration(ctx, id, &deleteIntegrationParams{Environment: environment})
	})
}

// Validate sends POST /pim/v2/integrations:validate. The server checks whether it has access to the
// customer's account. Nothing is changed. req.Config is for a DRAFT, which has no configuration
// yet. If the check fails, the error is an [*Error] that is [ErrInvalid], with the server's
// reasons. The request is repeated like a GET.
func (s *IntegrationsService) Validate(ctx context.Context, req IntegrationValidate, opts ...CallOption) error {
	const op = "Integrations.Validate"
	err := invalidCall(op, opts, s.c.check(),
		core.PathValue("ID", req.ID), core.Required("Environment.ID", req.Environment.ID),
		checkConfig(req.Config, false))
	if err != nil {
		return err
	}
	req.Environment, req.Config = Reference{ID: req.Environment.ID}, req.Config.Writable()
	opts = append(slices.Clip(opts), func(o *core.CallOptions) { o.WithIdempotentOperation() })
	return core.CallEmpty(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.validateIntegration(ctx, req)
	})
}

// FindByDisplayName returns the integration with exactly this name. It uses the server's filter,
// which also matches parts of names.
//
// If there is none, the error is [ErrNotFound]. If there are several, the error is [ErrConflict]
// and contains an [*sdk.AmbiguousError].
func (s *IntegrationsService) FindByDisplayName(
	ctx context.Context, environment, name string, opts ...CallOption,
) (*Integration, error) {
	return s.findByDisplayName(ctx, environment, name, "", opts)
}

// findByDisplayName ignores the integration with the ID deleted, if deleted is not "".
func (s *IntegrationsService) findByDisplayName(
	ctx context.Context, environment, name, deleted string, opts []CallOption,
) (*Integration, error) {
	const op = "Integrations.FindByDisplayName"
	list := s.List(ctx, environment, &ListOptions{DisplayName: name}, opts...)
	return find(s.c, op, environment, name, opts, list, func(i *Integration) (string, string) {
		if deleted != "" && i.ID == deleted {
			return "", "" // name is not empty
		}
		return i.DisplayName, i.ID
	})
}

// The rest is used by both versions.

// find returns the only integration with a name.
func find[T any](
	c *Client, op, environment, name string, opts []CallOption,
	list iter.Seq2[*T, error], nameAndID func(*T) (string, string),
) (*T, error) {
	err := invalidCall(op, opts, c.check(), core.Required("environment", environment), core.Required("name", name))
	if err != nil {
		return nil, err
	}
	return paging.FindOne(c.core, op, name, list, nameAndID)
}

// idOf returns the ID of an integration that was read.
func idOf(i *Integration) (string, error) {
	i.Config.read = true
	return i.ID, nil
}

// idOfV1 is idOf for v1.
func idOfV1(i *IntegrationV1) (string, error) {
	i.Config.read = true
	return i.ID, nil
}

// essential are the members that Ensure and Provision use for decisions. Decoding a Config never
// fails.
var essential = []string{"display_name", "provider", "status"}

var (
	integrationObject   = core.Object[Integration]{Check: idOf, Essential: essential}
	integrationV1Object = core.Object[IntegrationV1]{Check: idOfV1, Essential: essential}
)

// listEnvelope is a page of a list. T is an integration of either version.
type listEnvelope[T any] struct {
	Data     []T `json:"data"`
	Metadata struct {
		Next      string      `json:"next"`
		TotalSize core.Number `json:"total_size"` // optional
	} `json:"metadata"`
}

func pages[T any](ctx context.Context, c *Client, op string, checks []error, pageToken string, opts []CallOption,
	send func(ctx context.Context, pageToken string) (*http.Response, error),
	parts func(*T) (id string, config *Config),
) iter.Seq2[*sdk.Page[T], error] {
	if err := invalidArg(op, c.check()); err != nil {
		return paging.List[T]{Options: opts, Invalid: err}.Pages(ctx)
	}
	decode := func(b []byte, page *sdk.Page[T]) error {
		response := listEnvelope[T]{Data: paging.Room[T](len(b), MaxPageSize)}
		if err := decodeList(b, &response, parts); err != nil {
			return err
		}
		for i := range response.Data {
			_, config := parts(&response.Data[i])
			config.read = true
		}
		next, err := nextToken(response.Metadata.Next)
		page.Items, page.NextToken, page.Total = response.Data, next, max(response.Metadata.TotalSize, 0).Int()
		return err
	}
	return paging.List[T]{
		Client: c.core, Operation: op, Options: opts, PageToken: pageToken, Invalid: invalidArg(op, checks...),
		Send: send, Decode: decode,
		ID: func(item *T) string {
			id, _ := parts(item)
			return id
		},
	}.Pages(ctx)
}

// decodeList decodes a page. If an item has no id, or has an essential member of an unexpected
// type, its Config becomes an UnknownConfig with the whole item. A document without data is an
// error, because it must not count as an empty list. data may be null.
func decodeList[T any](b []byte, response *listEnvelope[T], parts func(*T) (string, *Config)) error {
	if err := core.CheckMemory(b, response); err != nil {
		return err
	}
	err := core.Unmarshal(b, response)
	if err != nil && !core.OddType(err) {
		return err
	}
	odd := err != nil || len(response.Data) == 0
	for i := range response.Data {
		id, _ := parts(&response.Data[i])
		odd = odd || id == ""
	}
	if !odd {
		return nil
	}
	data, metadata := core.Member(b, "data"), core.Member(b, "metadata")
	if metadata != nil && json.Unmarshal(metadata, &response.Metadata) != nil {
		return err
	}
	switch {
	case data == nil && (err == nil || bytes.HasPrefix(bytes.TrimSpace(b), []byte{'{'})):
		return errors.New("it has no data")
	case data == nil, data[0] != '[' && string(data) != "null":
		return err
	}
	object := core.Object[T]{Essential: essential}
	items := response.Data[:0] // reuses the memory of the decoded items
	for raw := range core.Elements(data) {
		var broken error
		if i := len(items); i >= len(response.Data) || err != nil {
			var none T
			items = append(items, none)
			broken = json.Unmarshal(raw, &items[i])
		} else {
			items = response.Data[:i+1]
		}
		if id, config := parts(&items[len(items)-1]); id == "" || broken != nil &&
			(!core.OddType(broken) || object.OddEssential(raw)) {
			*config = Config{Value: &UnknownConfig{Raw: slices.Clone(json.RawMessage(raw))}}
		}
	}
	response.Data = items
	return nil
}

// nextToken returns the page token in a link to the next page. The link may be absolute or
// relative. The client never follows it: it might lead to another host, or lack the environment.
func nextToken(link string) (string, error) {
	if link == "" {
		return "", nil
	}
	if u, err := url.Parse(link); err == nil {
		if pageToken := u.Query().Get("page_token"); pageToken != "" {
			return pageToken, nil
		}
	}
	// The API has sent links without "?": /pim/v2/integrations&page_token=...
	if _, rest, ok := strings.Cut(link, "&page_token="); ok {
		if i := strings.IndexAny(rest, "&#"); i >= 0 {
			rest = rest[:i]
		}
		if pageToken, err := url.QueryUnescape(rest); err == nil && pageToken != "" {
			return pageToken, nil
		}
	}
	return "", fmt.Errorf("the link to the next page has no page_token: %.200q", link)
}

// checkConfig returns an error if a configuration can't be sent.
func checkConfig(c Config, required bool) error {
	if aws, ok := c.Value.(*AWSConfig); ok && aws != nil && aws.CustomerIAMRoleARN != "" {
		if n := len(aws.CustomerIAMRoleARN); n < 20 || n > 2048 {
			return core.Arg("CustomerIAMRoleARN", "has %d characters, not 20 to 2048", n)
		}
	}
	if err := c.Check(); err != nil {
		return core.Arg("Config", "%v", err)
	}
	if required && c.IsZero() {
		return core.Arg("Config", "is missing")
	}
	return nil
}

// writable returns a reference for create and update of v2. Other requests have only the id.
func writable(r Reference) Reference { return Reference{ID: r.ID, Environment: r.Environment} }

// providerOr returns p, or if p is empty the provider of the configuration.
func providerOr(p Provider, c Config) Provider {
	if p != "" {
		return p
	}
	switch c.Value.(type) {
	case *AWSConfig:
		return ProviderAWS
	case *AzureConfig:
		return ProviderAzure
	case *GCPConfig:
		return ProviderGCP
	}
	return ""
}

// checkProvider returns an error if there is no provider, or if the configuration is for another
// one.
func checkProvider(p Provider, c Config) error {
	if want := providerOr("", c); p != "" && want != "" && !sameProvider(p, want) {
		return core.Arg("Provider", "is %s, but Config is for %s", p, want)
	}
	return core.Required("Provider", string(p))
}

// lower returns the spelling that the vendor's own clients of v2 use for the known providers.
func lower(p Provider) Provider {
	for _, known := range []Provider{ProviderAWS, ProviderAzure, ProviderGCP} {
		if sameProvider(p, known) {
			return Provider(strings.ToLower(string(p)))
		}
	}
	return p
}

// sameProvider ignores letter case, because callers may write either.
func sameProvider(p, q Provider) bool { return strings.EqualFold(string(p), string(q)) }

// valueOf copies the options at the time of the call. Later changes of o have no effect.
func valueOf(o *ListOptions) ListOptions {
	if o == nil {
		return ListOptions{}
	}
	return *o
}
