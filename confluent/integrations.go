package confluent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/confluent/api"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// The vendor's limits.
const (
	// MaxPageSize is the largest page that a list answers with.
	MaxPageSize = 100
	// MaxDisplayNameLength is the longest display name, in characters.
	MaxDisplayNameLength = 60
)

// IntegrationsService calls pim/v2, which serves Azure and Google Cloud. Its methods need the id of the environment that the integrations
// belong to.
type IntegrationsService struct{ c *Client }

// ListOptions narrow a list. A zero field does not narrow it; nil options narrow nothing.
type ListOptions struct {
	// DisplayName keeps integrations whose display name contains it. pim/v2 only; v1 refuses it ([ErrInvalid]).
	DisplayName string
	// Provider keeps the integrations of one provider. v2 gets the known ones in lower case, as Create sends them; whether the server's filter minds the
	// case is not published.
	Provider Provider
	// Status keeps the integrations in one state. pim/v2 only; v1 refuses it ([ErrInvalid]).
	Status Status
	// PageSize is how many items a page may have, 1 to [MaxPageSize]. 0 is [MaxPageSize]; the server's own default is 10.
	PageSize int
	// PageToken resumes a list: the NextToken of the last page seen. The other options must be those of the first page.
	PageToken string
}

func (o *ListOptions) check(environment string) []error {
	if o.PageSize == 0 {
		o.PageSize = MaxPageSize
	}
	return []error{core.Required("environment", environment), core.Between("PageSize", o.PageSize, 1, MaxPageSize)}
}

// Get sends GET /pim/v2/integrations/{id}.
func (s *IntegrationsService) Get(ctx context.Context, environment, id string, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.Get"
	if err := refuse(op, core.Required("environment", environment), core.PathValue("id", id)); err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, idOf, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetIntegration(ctx, id, &api.GetIntegrationParams{Environment: environment})
	})
}

// List walks the integrations of an environment, in the server's order. Nothing is sent before the range begins, and each range sends its
// own requests. An error is yielded once and ends the walk.
func (s *IntegrationsService) List(ctx context.Context, environment string, filter *ListOptions, opts ...CallOption) iter.Seq2[*Integration, error] {
	return paging.Items(s.Pages(ctx, environment, filter, opts...), (*Page[Integration]).items)
}

// Pages is [IntegrationsService.List] page by page. A page may be empty although more follow.
func (s *IntegrationsService) Pages(ctx context.Context, environment string, filter *ListOptions, opts ...CallOption) iter.Seq2[*Page[Integration], error] {
	const op = "Integrations.List"
	f := valueOf(filter)
	return pages[Integration](ctx, s.c.core, op, f.check(environment), f.PageToken, opts, func(ctx context.Context, token string) (*http.Response, error) {
		return s.c.api.ListIntegrations(ctx, &api.ListIntegrationsParams{
			Environment: environment,
			DisplayName: set(f.DisplayName), Provider: set(lower(f.Provider)), Status: set(f.Status),
			PageSize: set(f.PageSize), PageToken: set(token),
		})
	}, func(i *Integration) (string, *Config) { return i.ID, &i.Config })
}

// Create sends POST /pim/v2/integrations. Environment.ID is required; Provider follows from Config where it is empty, and one of the two must be there,
// because the server would take GCP for granted. A known provider is sent in lower case, as the vendor's own clients do. Without Config the reply
// is a DRAFT that already names Confluent's side; what the server makes of a Config here is not published. It is usually sent afterwards, by
// Update: see [IntegrationsService.Provision].
func (s *IntegrationsService) Create(ctx context.Context, in IntegrationCreate, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.Create"
	in.Provider = lower(providerOr(in.Provider, in.Config))
	err := refuse(op,
		core.Required("Environment.ID", in.Environment.ID),
		core.MaxRunes("DisplayName", in.DisplayName, MaxDisplayNameLength),
		checkConfig(in.Config, false), checkProvider(in.Provider, in.Config))
	if err != nil {
		return nil, err
	}
	in.Environment, in.Config = writable(in.Environment), in.Config.Writable()
	return core.CallObject(ctx, s.c.core, op, opts, idOf, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.CreateIntegration(ctx, in)
	})
}

// Update sends PATCH /pim/v2/integrations/{id}: it gives a DRAFT its configuration, which makes it CREATED. The server refuses it in any
// other state. The environment travels in the body.
func (s *IntegrationsService) Update(ctx context.Context, id string, in IntegrationUpdate, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.Update"
	err := refuse(op, core.PathValue("id", id), core.Required("Environment.ID", in.Environment.ID), checkConfig(in.Config, true))
	if err != nil {
		return nil, err
	}
	in.Environment, in.Config = writable(in.Environment), in.Config.Writable()
	return core.CallObject(ctx, s.c.core, op, opts, idOf, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.UpdateIntegration(ctx, id, in)
	})
}

// Delete sends DELETE /pim/v2/integrations/{id}. The server refuses it while resources use the integration; with which status is not
// published. If the reply to an earlier attempt was lost and the integration is gone by now (404, or 403), that is a success.
func (s *IntegrationsService) Delete(ctx context.Context, environment, id string, opts ...CallOption) error {
	return s.c.remove(ctx, "Integrations.Delete", environment, id, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.DeleteIntegration(ctx, id, &api.DeleteIntegrationParams{Environment: environment})
	})
}

// Validate sends POST /pim/v2/integrations:validate: the server tries whether it can act on the customer's side. Config is for a DRAFT, which has
// none of its own, and changes nothing. The server's reasons come as an [*Error] that is [ErrInvalid]. It is repeated like a GET.
func (s *IntegrationsService) Validate(ctx context.Context, in IntegrationValidate, opts ...CallOption) error {
	const op = "Integrations.Validate"
	err := refuse(op, core.PathValue("ID", in.ID), core.Required("Environment.ID", in.Environment.ID), checkConfig(in.Config, false))
	if err != nil {
		return err
	}
	in.Environment, in.Config = Reference{ID: in.Environment.ID}, in.Config.Writable()
	opts = append(slices.Clip(opts), WithIdempotent())
	return core.CallEmpty(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.ValidateIntegration(ctx, in)
	})
}

// FindByDisplayName gives the one integration of exactly that name. The server's filter, which it uses, also matches parts of names. None is [ErrNotFound]; several are an
// [*AmbiguousError] inside an error that is [ErrConflict].
func (s *IntegrationsService) FindByDisplayName(ctx context.Context, environment, name string, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.FindByDisplayName"
	return find(op, environment, name, s.List(ctx, environment, &ListOptions{DisplayName: name}, opts...),
		func(i *Integration) (string, string) { return i.DisplayName, i.ID })
}

// AmbiguousError says that a name belongs to more than one object.
type AmbiguousError struct {
	Name string   // that was looked for
	IDs  []string // of all that have it, in the order of the list
}

// Error names the objects.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%d integrations are named %q: %s", len(e.IDs), e.Name, strings.Join(e.IDs, ", "))
}

// Is makes it [ErrConflict].
func (e *AmbiguousError) Is(target error) bool { return target == ErrConflict }

// The rest is shared by both versions.

func (p *Page[T]) items() []T { return p.Items }

// find looks for the one integration of this name.
func find[T any](op, environment, name string, list iter.Seq2[*T, error], nameAndID func(*T) (string, string)) (*T, error) {
	if err := refuse(op, core.Required("environment", environment)); err != nil {
		return nil, err
	}
	return core.FindOne(newError, op, "integration", name, list, nameAndID, func(ids []string) error { return &AmbiguousError{name, ids} })
}

func idOf(i *Integration) (string, error)     { return i.ID, nil }
func idOfV1(i *IntegrationV1) (string, error) { return i.ID, nil }

// remove deletes.
func (c *Client) remove(ctx context.Context, op, environment, id string, opts []CallOption, send core.Send) error {
	if err := refuse(op, core.Required("environment", environment), core.PathValue("id", id)); err != nil {
		return err
	}
	return core.CallEmpty(ctx, c.core, op, opts, send)
}

// listReply is a page as it comes; T is an integration of either version.
type listReply[T any] struct {
	Data     []T `json:"data"`
	Metadata struct {
		Next      string `json:"next"`
		TotalSize total  `json:"total_size"`
	} `json:"metadata"`
}

// total is a number of items. One that makes no sense is as good as none, because nothing depends on it.
type total int

func (t *total) UnmarshalJSON(b []byte) error {
	var n int
	if json.Unmarshal(b, &n) == nil {
		*t = total(max(n, 0))
	}
	return nil
}

func pages[T any](ctx context.Context, c *core.Client, op string, checks []error, start string, opts []CallOption,
	send func(ctx context.Context, token string) (*http.Response, error), parts func(*T) (id string, config *Config),
) iter.Seq2[*Page[T], error] {
	decode := func(b []byte, page *core.Page[T]) error {
		reply := listReply[T]{Data: core.Items[T](len(b), MaxPageSize)}
		if err := decodeList(b, &reply, parts); err != nil {
			return err
		}
		next, err := nextToken(reply.Metadata.Next)
		page.Items, page.Next, page.Total = reply.Data, next, int(reply.Metadata.TotalSize)
		return err
	}
	return core.Pages(ctx, c, op, opts, start, refuse(op, checks...), send, decode, func(p *core.Page[T]) *Page[T] {
		return &Page[T]{p.Items, p.Next, p.Total, Meta(p.Meta)}
	})
}

// decodeList decodes a page. The Config of an item that does not decode, or has no id, becomes an UnknownConfig that holds the whole item. A document without
// data is no list, and must not be taken for an empty one; data may be null.
func decodeList[T any](b []byte, reply *listReply[T], parts func(*T) (string, *Config)) error {
	err := core.Unmarshal(b, reply)
	if err != nil && !errors.As(err, new(*json.UnmarshalTypeError)) {
		return err
	}
	odd := err != nil || len(reply.Data) == 0
	for i := range reply.Data {
		id, _ := parts(&reply.Data[i])
		odd = odd || id == ""
	}
	if !odd {
		return nil
	}
	var raw listReply[json.RawMessage]
	var members map[string]json.RawMessage
	if json.Unmarshal(b, &raw) != nil || json.Unmarshal(b, &members) != nil {
		return err
	}
	if members["data"] == nil {
		return errors.New("it has no data")
	}
	reply.Metadata = raw.Metadata
	reply.Data = make([]T, len(raw.Data))
	for i, item := range raw.Data {
		err := json.Unmarshal(item, &reply.Data[i])
		if id, config := parts(&reply.Data[i]); err != nil || id == "" {
			*config = Config{Value: &UnknownConfig{Raw: item}}
		}
	}
	return nil
}

// nextToken takes the token out of a link to the next page, which may be absolute or relative. The link itself is never followed: it might
// lead to another host, and need not repeat the environment.
func nextToken(link string) (string, error) {
	if link == "" {
		return "", nil
	}
	if u, err := url.Parse(link); err == nil {
		if token := u.Query().Get("page_token"); token != "" {
			return token, nil
		}
	}
	// A link without "?" has been seen: /pim/v2/integrations&page_token=...
	if _, rest, ok := strings.Cut(link, "&page_token="); ok {
		if i := strings.IndexAny(rest, "&#"); i >= 0 {
			rest = rest[:i]
		}
		if token, err := url.QueryUnescape(rest); err == nil && token != "" {
			return token, nil
		}
	}
	return "", fmt.Errorf("the link to the next page has no page_token: %.200q", link)
}

// checkConfig refuses what can't be sent.
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

// writable is the reference as create and update of v2 carry it; the others take the id alone.
func writable(r Reference) Reference { return Reference{ID: r.ID, Environment: r.Environment} }

// providerOr is p, or the provider that the configuration is for.
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

// checkProvider refuses none, and one that the configuration is not for.
func checkProvider(p Provider, c Config) error {
	if want := providerOr("", c); p != "" && want != "" && !p.Is(want) {
		return core.Arg("Provider", "is %s, but Config is for %s", p, want)
	}
	return core.Required("Provider", string(p))
}

// lower spells the known providers as the vendor's own clients of v2 do.
func lower(p Provider) Provider {
	if slices.ContainsFunc([]Provider{ProviderAWS, ProviderAzure, ProviderGCP}, p.Is) {
		return Provider(strings.ToLower(string(p)))
	}
	return p
}

// valueOf copies options at call time, so that changing them later changes nothing.
func valueOf(o *ListOptions) ListOptions {
	if o == nil {
		return ListOptions{}
	}
	return *o
}

// set is nil for a zero value: an unset parameter is not sent.
func set[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}
