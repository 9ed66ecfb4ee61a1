package inventory

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
)

// aponoWriter returns the writer of apono.integrations.
func aponoWriter(t *table, s *shape[apono.Integration], secrets bool) *writer {
	w := &writer{
		name: "name", fixed: []string{"type"},
		updates: []string{"name", "config", "connector_id", "connected_resource_types", "owner", "secret_store_config"},
	}
	w.inserts = append([]string{"type"}, w.updates...)
	w.insert = func(a *account, _ string, v values, ensure bool) (sender, error) {
		return aponoInsert(t, s, secrets, a, v, ensure)
	}
	w.update = func(a *account, _, id string, v values) (sender, error) {
		change, err := aponoChange(t, secrets, v)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
			i, err := a.apono.Integrations.Get(ctx, id)
			if err != nil {
				return nil, err
			}
			update := apono.UpdateFrom(i)
			if err := change(&update); err != nil {
				return nil, err
			}
			if i, err = a.apono.Integrations.Update(ctx, id, update, opts...); err != nil {
				return nil, err
			}
			return s.row(a, "", i, nil), nil
		}, nil
	}
	w.remove = func(a *account, _, id string) sender {
		return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
			return nil, a.apono.Integrations.Delete(ctx, id, opts...)
		}
	}
	w.secret = aponoSecrets
	return w
}

// aponoSecrets returns the values of the parameters, including nested ones. The SDK's errors never
// show those of a secret store.
func aponoSecrets(v values) []string {
	var config any
	decoder := json.NewDecoder(strings.NewReader(v.text("config")))
	decoder.UseNumber()
	if decoder.Decode(&config) != nil {
		return nil
	}
	return textsIn(config)
}

// textsIn returns the texts and numbers in a JSON value.
func textsIn(value any) (found []string) {
	switch value := value.(type) {
	case string:
		return []string{value}
	case json.Number:
		return []string{value.String()}
	case []any:
		for _, v := range value {
			found = append(found, textsIn(v)...)
		}
	case map[string]any:
		for _, v := range value {
			found = append(found, textsIn(v)...)
		}
	}
	return found
}

func aponoInsert(
	t *table, s *shape[apono.Integration], secrets bool, a *account, v values, ensure bool,
) (sender, error) {
	for _, required := range []string{"name", "type"} {
		if v.text(required) == "" {
			return nil, invalid("%s: %s must be set", t.fullName(), required)
		}
	}
	change, err := aponoChange(t, secrets, v)
	if err != nil {
		return nil, err
	}
	var u apono.IntegrationUpdate
	if err := change(&u); err != nil {
		return nil, err
	}
	req := apono.IntegrationCreate{
		Name: u.Name, Type: v.text("type"), IntegrationConfig: u.IntegrationConfig, ConnectorID: u.ConnectorID,
		ConnectedResourceTypes: u.ConnectedResourceTypes, Owner: u.Owner, SecretStoreConfig: u.SecretStoreConfig,
	}
	return func(ctx context.Context, opts ...sdk.CallOption) (row, error) {
		if ensure {
			result, err := a.apono.Integrations.Ensure(ctx, req, opts...)
			if err != nil {
				return nil, err
			}
			return s.row(a, "", result.Integration, nil), nil
		}
		var raw []byte
		if secrets {
			opts = append(opts, sdk.WithRawBody(&raw))
		}
		i, err := a.apono.Integrations.Create(ctx, req, opts...)
		if err != nil {
			return nil, err
		}
		return s.row(a, "", i, raw), nil
	}, nil
}

// aponoChange returns a function that sets the columns v in an update.
func aponoChange(t *table, secrets bool, v values) (func(*apono.IntegrationUpdate) error, error) {
	if name, ok := v["name"]; ok && (name == nil || *name == "") {
		return nil, invalid("%s: name can't be NULL or empty", t.fullName())
	}
	var members map[string]json.RawMessage
	if config, ok := v["config"]; ok {
		if config == nil {
			return nil, invalid("%s: config can't be NULL", t.fullName())
		}
		var err error
		if members, err = jsonObject(t.fullName(), "config", *config); err != nil {
			return nil, err
		}
	}
	var types []string
	if s := v["connected_resource_types"]; s != nil && json.Unmarshal([]byte(*s), &types) != nil {
		return nil, invalid("%s: connected_resource_types is not a JSON array of texts", t.fullName())
	}
	var store apono.SecretStore
	if s := v["secret_store_config"]; s != nil {
		if json.Unmarshal([]byte(*s), &store) != nil || store.IsZero() || store.Check() != nil {
			return nil, invalid("%s: secret_store_config is not the JSON object of one secret store", t.fullName())
		}
	}
	owner, err := aponoOwner(t, v)
	if err != nil {
		return nil, err
	}
	return func(u *apono.IntegrationUpdate) error {
		if name := v["name"]; name != nil {
			u.Name = *name
		}
		if id, ok := v["connector_id"]; ok {
			u.ConnectorID = optional(id, v.text("connector_id"))
		}
		if s, ok := v["connected_resource_types"]; ok {
			u.ConnectedResourceTypes = optional(s, types)
		}
		if s, ok := v["owner"]; ok {
			u.Owner = optional(s, owner)
		}
		if s, ok := v["secret_store_config"]; ok {
			u.SecretStoreConfig = optional(s, store)
		}
		if members == nil {
			return nil
		}
		return setConfig(t, u, members, secrets)
	}, nil
}

// optional returns value, or null if the column is NULL.
func optional[T any](column *string, value T) apono.Optional[T] {
	if column == nil {
		return apono.Null[T]()
	}
	return apono.Set(value)
}

// setConfig sets the configuration. If values are hidden, a member with *** keeps its value.
func setConfig(t *table, u *apono.IntegrationUpdate, members map[string]json.RawMessage, secrets bool) error {
	config := make(apono.Config, len(members))
	for name, raw := range members {
		if !secrets && string(raw) == `"`+secretMarker+`"` {
			present, ok := u.IntegrationConfig[name]
			if !ok {
				return invalid("%s: %q in config is %s, a hidden value (see WithSecrets)", t.fullName(), name,
					secretMarker)
			}
			raw = present
		}
		config[name] = raw
	}
	u.IntegrationConfig = config
	return nil
}

// aponoOwner returns the owner in the column, in the form of the column or of the API.
func aponoOwner(t *table, v values) (apono.OwnerReference, error) {
	var owner struct {
		apono.Owner
		Reference string `json:"source_integration_reference"`
	}
	if s := v["owner"]; s != nil && (json.Unmarshal([]byte(*s), &owner) != nil || owner.AttributeType == "") {
		return apono.OwnerReference{}, invalid("%s: owner is not a JSON object with an attribute_type", t.fullName())
	}
	for _, reference := range []string{owner.SourceIntegrationID, owner.SourceIntegrationName} {
		if owner.Reference == "" {
			owner.Reference = reference
		}
	}
	return apono.OwnerReference{
		AttributeType: owner.AttributeType, AttributeValue: owner.AttributeValue,
		SourceIntegrationReference: owner.Reference,
	}, nil
}
