package apono

import "github.com/integrations-go/sdk/apono/api"

// UpdateFrom is the update that changes nothing: change some of its fields, and the others keep what in has, whether or not
// the server clears what an update leaves out. Members that this release does not know are kept in the configuration and the secret store; elsewhere they are not sent, and may be cleared. Take in from Get: an item
// of a list leaves out what could not be read. What in does not have is sent as null. Owners are read with the id and the name of their source and written with one
// reference, for which UpdateFrom takes the id, or the name where there is no id; an owner or mapping without members is none. It shares nothing with in.
//
// Update refuses what it refuses of anybody, also where the server has it: more than [MaxCustomAccessDetails] characters, an owner without a type, a nil configuration (of a list item that could not be read).
//
// Whether the API returns the parameters of an [AponoSecret] is not known. An update with parameters that it evidently hides (none, empty, or nothing but * and •) is [ErrInvalid]: set them. If it hides them in
// another way, only you can tell.
func UpdateFrom(in *Integration) IntegrationUpdate {
	u := IntegrationUpdate{
		Name:                   in.Name,
		IntegrationConfig:      in.IntegrationConfig.Clone(),
		ConnectorID:            orNull(in.ConnectorID),
		CustomAccessDetails:    orNull(in.CustomAccessDetails),
		ConnectedResourceTypes: listOrNull(in.ConnectedResourceTypes),
		SecretStoreConfig:      Null[SecretStore](),
		Owner:                  Null[OwnerReference](),
		OwnersMapping:          Null[OwnerMappingReference](),
	}
	if !in.SecretStoreConfig.IsZero() {
		u.SecretStoreConfig = Set(in.SecretStoreConfig.Clone())
	}
	if o := in.Owner; o != nil && (o.AttributeType != "" || len(o.AttributeValue) > 0) {
		u.Owner = Set(OwnerReference{
			AttributeType: o.AttributeType, AttributeValue: append([]string{}, o.AttributeValue...),
			SourceIntegrationReference: idOrName(o.SourceIntegrationID, o.SourceIntegrationName),
		})
	}
	if m := in.OwnersMapping; m != nil && (m.AttributeType != "" || m.KeyName != "") {
		u.OwnersMapping = Set(OwnerMappingReference{
			AttributeType: m.AttributeType, KeyName: m.KeyName,
			SourceIntegrationReference: idOrName(m.SourceIntegrationID, m.SourceIntegrationName),
		})
	}
	return u
}

// UpdateFromV2 is [UpdateFrom] for v2. v2 may show [] where v4 has null for the connected resource types, and then writes it so; whether that means something else is not documented.
func UpdateFromV2(in *IntegrationV2) IntegrationUpdateV2 {
	u := IntegrationUpdateV2{
		Name:                   in.Name,
		Metadata:               in.Metadata.Clone(),
		ProvisionerID:          orNull(in.ProvisionerID),
		CustomAccessDetails:    orNull(in.CustomAccessDetails),
		ConnectedResourceTypes: listOrNull(in.ConnectedResourceTypes),
		SecretConfig:           Null[FlatSecretStore](),
	}
	if !in.SecretConfig.IsZero() {
		u.SecretConfig = Set(in.SecretConfig.Nested().Clone().Flat())
	}
	return u
}

func orNull(s string) api.Optional[string] {
	if s == "" {
		return Null[string]()
	}
	return Set(s)
}

func listOrNull(list []string) api.Optional[[]string] {
	if list == nil {
		return Null[[]string]()
	}
	return Set(append([]string{}, list...))
}

func idOrName(id, name string) string {
	if id != "" {
		return id
	}
	return name
}
