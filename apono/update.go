package apono

// UpdateFrom returns an update that changes nothing. Change some of its fields. The others keep
// their values, even if the server clears members that an update leaves out. The update shares no
// memory with integration. Use an integration from Get, because an item of a list lacks members
// that could not be decoded.
//
// # Kept
//
//   - Unknown members of the configuration and the secret store are kept. Other unknown members are
//     not sent, and may be cleared.
//   - Fields that are not set in integration are sent as null.
//   - A response has the ID and the name of an owner's source. A request has one reference.
//     UpdateFrom uses the ID, or the name if there is no ID. An owner or mapping without members
//     counts as none.
//
// # Errors
//
// Update refuses invalid values even if the server has sent them: more than
// [MaxCustomAccessDetails] characters, an owner without a type, or a nil configuration (of a list
// item without one, or whose configuration could not be decoded). [Config.SetText] makes a nil
// configuration one that has only the new member.
//
// Whether the API returns the parameters of an [AponoSecret] is not documented by the vendor. If
// the parameters are evidently hidden (none, empty, or only the characters * and •), the update is
// [ErrInvalid]. Set them. If the API hides them in another way, the client can't detect it.
func UpdateFrom(integration *Integration) IntegrationUpdate {
	u := IntegrationUpdate{
		Name:                   integration.Name,
		IntegrationConfig:      integration.IntegrationConfig.Clone(),
		ConnectorID:            orNull(integration.ConnectorID),
		CustomAccessDetails:    orNull(integration.CustomAccessDetails),
		ConnectedResourceTypes: listOrNull(integration.ConnectedResourceTypes),
		SecretStoreConfig:      Null[SecretStore](),
		Owner:                  Null[OwnerReference](),
		OwnersMapping:          Null[OwnerMappingReference](),
	}
	if !integration.SecretStoreConfig.IsZero() {
		u.SecretStoreConfig = Set(integration.SecretStoreConfig.Clone())
	}
	if o := integration.Owner; o != nil && (o.AttributeType != "" || len(o.AttributeValue) > 0) {
		u.Owner = Set(OwnerReference{
			AttributeType: o.AttributeType, AttributeValue: append([]string{}, o.AttributeValue...),
			SourceIntegrationReference: idOrName(o.SourceIntegrationID, o.SourceIntegrationName),
		})
	}
	if m := integration.OwnersMapping; m != nil && (m.AttributeType != "" || m.KeyName != "") {
		u.OwnersMapping = Set(OwnerMappingReference{
			AttributeType: m.AttributeType, KeyName: m.KeyName,
			SourceIntegrationReference: idOrName(m.SourceIntegrationID, m.SourceIntegrationName),
		})
	}
	return u
}

// UpdateFromV2 is [UpdateFrom] for v2. v2 may return [] for connected resource types that are null
// in v4. Then the update has []. Whether [] and null differ is not documented by the vendor.
func UpdateFromV2(integration *IntegrationV2) IntegrationUpdateV2 {
	u := IntegrationUpdateV2{
		Name:                   integration.Name,
		Metadata:               integration.Metadata.Clone(),
		ProvisionerID:          orNull(integration.ProvisionerID),
		CustomAccessDetails:    orNull(integration.CustomAccessDetails),
		ConnectedResourceTypes: listOrNull(integration.ConnectedResourceTypes),
		SecretConfig:           Null[FlatSecretStore](),
	}
	if !integration.SecretConfig.IsZero() {
		u.SecretConfig = Set(integration.SecretConfig.Nested().Clone().Flat())
	}
	return u
}

func orNull(s string) Optional[string] {
	if s == "" {
		return Null[string]()
	}
	return Set(s)
}

func listOrNull(list []string) Optional[[]string] {
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
