package inventory

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
)

// The versions of Confluent's API in the keys of confluent.integrations.
const (
	v1Version = "v1"
	v2Version = "v2"
)

// confluentRows converts the results of a version of the API to rows.
type confluentRows struct {
	v1 func(a *account, environment string, i *confluent.IntegrationV1, raw json.RawMessage) row
	v2 func(a *account, environment string, i *confluent.Integration, raw json.RawMessage) row
}

// confluentWriter returns the writer of the table t. version is "" if the provider decides.
func confluentWriter(t *table, version string, rows confluentRows) *writer {
	w := &writer{
		scope: "environment", name: "display_name", fixed: []string{"provider"},
		inserts: []string{"display_name", "provider", "config"},
	}
	if version != v1Version {
		w.updates = []string{"config"}
	}
	w.insert = func(a *account, environment string, v values, ensure bool) (sender, error) {
		return confluentInsert(t, version, rows, a, environment, v, ensure)
	}
	w.update = func(a *account, environment, key string, v values) (sender, error) {
		id, of := confluentID(key, version)
		if of == v1Version {
			return nil, invalid("%s: %s is of v1, where nothing can be changed", t.fullName(), id)
		}
		config, err := confluentConfig(t, v)
		if err != nil {
			return nil, err
		}
		if config.IsZero() {
			return nil, invalid("%s: config can't be NULL", t.fullName())
		}
		return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
			var raw []byte
			i, err := a.confluent.Integrations.Update(ctx, id, confluent.IntegrationUpdate{
				Environment: confluent.Reference{ID: environment}, Config: config,
			}, append(opts, sdk.WithRawBody(&raw))...)
			if err != nil {
				return nil, err
			}
			return rows.v2(a, environment, i, raw), nil
		}, nil
	}
	w.remove = func(a *account, environment, key string) sender {
		id, of := confluentID(key, version)
		return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
			if of == v1Version {
				return nil, a.confluent.IntegrationsV1.Delete(ctx, environment, id, opts...)
			}
			return nil, a.confluent.Integrations.Delete(ctx, environment, id, opts...)
		}
	}
	return w
}

// confluentID returns the ID and the version in a key.
func confluentID(key, version string) (id, of string) {
	if version == "" {
		id, of, _ = strings.Cut(key, "\x00")
		return id, of
	}
	return key, version
}

// confluentConfig returns the column config, the zero Config for NULL.
func confluentConfig(t *table, v values) (confluent.Config, error) {
	var config confluent.Config
	if v["config"] == nil {
		return config, nil
	}
	if _, err := jsonObject(t.fullName(), "config", v.text("config")); err != nil {
		return config, err
	}
	if err := config.UnmarshalJSON([]byte(v.text("config"))); err != nil {
		return config, err
	}
	if err := config.Check(); err != nil {
		return config, invalid("%s: config %w", t.fullName(), err)
	}
	return config, nil
}

// confluentProvider returns the provider of an INSERT, or that of the configuration.
func confluentProvider(v values, config confluent.Config) confluent.Provider {
	given := v.text("provider")
	for _, known := range []confluent.Provider{confluent.ProviderAWS, confluent.ProviderAzure, confluent.ProviderGCP} {
		if strings.EqualFold(string(known), given) {
			return known
		}
	}
	if given != "" {
		return confluent.Provider(given)
	}
	switch config.Value.(type) {
	case *confluent.AWSConfig:
		return confluent.ProviderAWS
	case *confluent.AzureConfig:
		return confluent.ProviderAzure
	case *confluent.GCPConfig:
		return confluent.ProviderGCP
	}
	return ""
}

func confluentInsert(
	t *table, version string, rows confluentRows, a *account, environment string, v values, ensure bool,
) (sender, error) {
	config, err := confluentConfig(t, v)
	if err != nil {
		return nil, err
	}
	name, provider := v.text("display_name"), confluentProvider(v, config)
	switch {
	case provider == "":
		return nil, invalid("%s: provider must be set, or config be of a known kind", t.fullName())
	case ensure && name == "":
		return nil, invalid("%s: ON CONFLICT needs a display_name", t.fullName())
	case version == "" && provider == confluent.ProviderAWS:
		version = v1Version
	}
	if version == v1Version {
		if config.IsZero() {
			return nil, invalid("%s: config must be set", t.fullName())
		}
		return sendV1(a, confluent.IntegrationCreateV1{
			DisplayName: name, Provider: provider, Environment: confluent.Reference{ID: environment}, Config: config,
		}, ensure, rows), nil
	}
	return sendV2(a, confluent.IntegrationCreate{
		DisplayName: name, Provider: provider, Environment: confluent.Reference{ID: environment}, Config: config,
	}, ensure, rows), nil
}

func sendV1(a *account, req confluent.IntegrationCreateV1, ensure bool, rows confluentRows) sender {
	return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
		if ensure {
			result, err := a.confluent.IntegrationsV1.Ensure(ctx, req, opts...)
			if err != nil {
				return nil, err
			}
			return rows.v1(a, req.Environment.ID, result.Integration, nil), nil
		}
		var raw []byte
		i, err := a.confluent.IntegrationsV1.Create(ctx, req, append(opts, sdk.WithRawBody(&raw))...)
		if err != nil {
			return nil, err
		}
		return rows.v1(a, req.Environment.ID, i, raw), nil
	}
}

// sendV2 creates a draft. If there is a configuration, it also sets it.
func sendV2(a *account, req confluent.IntegrationCreate, ensure bool, rows confluentRows) sender {
	return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
		s := a.confluent.Integrations
		if ensure {
			result, err := s.Ensure(ctx, req, opts...)
			if err != nil {
				return nil, err
			}
			return rows.v2(a, req.Environment.ID, result.Integration, nil), nil
		}
		var raw []byte
		create := s.Create
		if !req.Config.IsZero() {
			create = s.Provision
		}
		i, err := create(ctx, req, append(opts, sdk.WithRawBody(&raw))...)
		if err != nil {
			return nil, err
		}
		return rows.v2(a, req.Environment.ID, i, raw), nil
	}
}

func anyV1(i *confluent.IntegrationV1) *confluent.AnyIntegration {
	return &confluent.AnyIntegration{
		ID: i.ID, DisplayName: i.DisplayName, Provider: i.Provider, Config: i.Config,
		Usages: i.Usages, Environment: i.Environment, V1: i,
	}
}

func anyV2(i *confluent.Integration) *confluent.AnyIntegration {
	return &confluent.AnyIntegration{
		ID: i.ID, DisplayName: i.DisplayName, Provider: i.Provider, Status: i.Status, Config: i.Config,
		Usages: i.Usages, Environment: i.Environment, V2: i,
	}
}

// seedWriter returns the writer of v1 with the columns of other tools.
func seedWriter(t *table) *writer {
	w := confluentWriter(t, v1Version, confluentRows{v1: seedShape.row})
	w.normalize = func(v values) (values, error) {
		out := values{}
		for name, value := range v {
			name = strings.TrimPrefix(name, "data__")
			if name == "environment" && value != nil && strings.HasPrefix(strings.TrimSpace(*value), "{") {
				var reference confluent.Reference
				if json.Unmarshal([]byte(*value), &reference) != nil || reference.ID == "" {
					return nil, invalid("%s: data__environment has no id", t.fullName())
				}
				value = &reference.ID
			}
			if other, ok := out[name]; ok && *other != *value {
				return nil, invalid("%s: %s and data__%s differ", t.fullName(), name, name)
			}
			out[name] = value
		}
		return out, nil
	}
	return w
}
