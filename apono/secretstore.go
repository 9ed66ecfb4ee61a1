package apono

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/oneof"
	"github.com/integrations-go/sdk/internal/redact"
)

// SecretStore states the place of an integration's secret, in the form of v4: an object with
// exactly one member. Its Value is one of [AWSSecret], [GCPSecret], [KubernetesSecret],
// [AzureSecret], [HashicorpVaultSecret], [AponoSecret] and [UnknownSecret]. [FlatSecretStore] is
// the form of v2 with the same types.
//
// Unknown members of a known store are kept, and encoded again.
//
// # Secrets in formatted text and logs
//
// The secrets are the parameters of an AponoSecret, and the values in an UnknownSecret.
//
//   - Packages fmt and slog do not show them, alone or in an object, a slice or a map. As for all
//     models, package fmt does show them in an unexported field of a struct, and for the verbs %w
//     and %p: see Logging in package sdk.
//   - JSON has "[redacted]" in their place, also if slog's JSON handler writes a struct, map or
//     slice that contains them. The methods of this package send them. For JSON with the secrets,
//     for example for [Client.Do], use [SecretStore.Reveal]. A store that was decoded from JSON
//     without the secrets fails Check.
type SecretStore struct {
	// Value is a pointer to one of the variants. It is nil if the API sent no store: the
	// member was absent, null, {}, or had only members that are null.
	Value SecretStoreValue

	received *receivedStore
	revealed bool // the JSON has the secrets
}

// receivedStore is the JSON of a variant as received. SecretStore has a pointer to it: the verb v
// does not follow a pointer inside a struct, even if package fmt can't call Format.
type receivedStore struct {
	member string
	raw    string // the strings of the variant may be substrings of it
	flat   bool   // raw has the form of v2
	read   bool   // a response had it, and not a document of the caller
}

// of reports whether v is the received variant.
func (k *receivedStore) of(v SecretStoreValue) bool { return k != nil && k.member == v.member() }

// markRead notes that a store comes from a response. k may be nil.
func (k *receivedStore) markRead() {
	if k != nil {
		k.read = true
	}
}

// emptyInResponse reports whether v comes from a response in which a member was empty.
func (k *receivedStore) emptyInResponse(v SecretStoreValue, name string) bool {
	if !k.of(v) || !k.read {
		return false
	}
	for was := range empties {
		if was.member() == k.member {
			return json.Unmarshal([]byte(k.raw), was) == nil && *was.field(name) == ""
		}
	}
	return false
}

// base returns the received JSON of a variant without its discriminator. It returns nil if v has
// replaced that variant.
func (k *receivedStore) base(v SecretStoreValue) (json.RawMessage, error) {
	switch {
	case !k.of(v):
		return nil, nil
	case !k.flat:
		return json.RawMessage(k.raw), nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(k.raw), &members); err != nil {
		return nil, err
	}
	delete(members, "type")
	return oneof.Encode(members)
}

// SecretStoreValue is a variant of [SecretStore]: one of *[AWSSecret], *[GCPSecret],
// *[KubernetesSecret], *[AzureSecret], *[HashicorpVaultSecret], *[AponoSecret] and
// *[UnknownSecret].
type SecretStoreValue interface {
	member() string            // the member in v4
	flatType() string          // the type in v2
	field(name string) *string // field of a string member, nil if there is none
}

// UnknownSecret is a store that this release does not know, or several stores. Its JSON is kept.
type UnknownSecret struct {
	// Names are the sorted names of the members (v4), or the type (v2).
	Names []string
	// Raw is the whole object as received. To send a store that this release does not
	// know, set it to an object with one member.
	Raw json.RawMessage
}

func (*AWSSecret) member() string            { return "aws" }
func (*GCPSecret) member() string            { return "gcp" }
func (*KubernetesSecret) member() string     { return "kubernetes" }
func (*AzureSecret) member() string          { return "azure" }
func (*HashicorpVaultSecret) member() string { return "hashicorp_vault" }
func (*AponoSecret) member() string          { return "apono" }
func (*UnknownSecret) member() string        { return "" }

func (*AWSSecret) flatType() string            { return "AWS" }
func (*GCPSecret) flatType() string            { return "GCP" }
func (*KubernetesSecret) flatType() string     { return "KUBERNETES" }
func (*AzureSecret) flatType() string          { return "AZURE" }
func (*HashicorpVaultSecret) flatType() string { return "HASHICORP_VAULT" }
func (*AponoSecret) flatType() string          { return "APONO" } // by analogy: the vendor documents no type
func (*UnknownSecret) flatType() string        { return "" }

func (s *AWSSecret) field(name string) *string {
	switch name {
	case "region":
		return &s.Region
	case "secret_id":
		return &s.SecretID
	}
	return nil
}

func (s *GCPSecret) field(name string) *string {
	switch name {
	case "project":
		return &s.Project
	case "secret_id":
		return &s.SecretID
	}
	return nil
}

func (s *KubernetesSecret) field(name string) *string {
	switch name {
	case "namespace":
		return &s.Namespace
	case "name":
		return &s.Name
	}
	return nil
}

func (s *AzureSecret) field(name string) *string {
	switch name {
	case "vault_url":
		return &s.VaultURL
	case "name":
		return &s.Name
	}
	return nil
}

func (s *HashicorpVaultSecret) field(name string) *string {
	switch name {
	case "secret_engine":
		return &s.SecretEngine
	case "path":
		return &s.Path
	}
	return nil
}

func (*AponoSecret) field(string) *string   { return nil }
func (*UnknownSecret) field(string) *string { return nil }

// empties yields a new value of each known variant.
func empties(yield func(SecretStoreValue) bool) {
	_ = yield(&AWSSecret{}) && yield(&GCPSecret{}) && yield(&KubernetesSecret{}) && yield(&AzureSecret{}) &&
		yield(&HashicorpVaultSecret{}) && yield(&AponoSecret{})
}

// Kind returns the member of the store in v4. It is "" if there is no store, or an unknown one.
func (s SecretStore) Kind() string {
	if s.Value == nil || isNil(s.Value) {
		return ""
	}
	return s.Value.member()
}

// Kind returns [SecretStore.Kind].
func (f FlatSecretStore) Kind() string { return f.Nested().Kind() }

// Secrets returns the values that must not be shown: the parameters of an [AponoSecret], and all
// strings in an [UnknownSecret].
func (s SecretStore) Secrets() []string {
	switch v := s.Value.(type) {
	case *AponoSecret:
		if v != nil {
			return slices.Collect(maps.Values(v.Parameters))
		}
	case *UnknownSecret:
		if v != nil {
			return texts(v.Raw)
		}
	}
	return nil
}

// texts returns all strings in a JSON document, except the names of members.
func texts(document []byte) []string {
	var v any
	_ = json.Unmarshal(document, &v) // a document that is not JSON is never sent
	var all []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			all = append(all, v)
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(v)
	return all
}

// masked reports whether the server hides a secret: it is empty, consists of the characters * and
// •, or was redacted in JSON.
func masked(secret string) bool { return strings.Trim(secret, "*•") == "" || secret == redact.Mark }

// Secrets returns [SecretStore.Secrets].
func (f FlatSecretStore) Secrets() []string { return f.Nested().Secrets() }

// IsZero reports whether there is no store. It makes encoding/json omit the member.
func (s SecretStore) IsZero() bool { return s.Value == nil }

// Clone returns a copy that shares no memory with s.
func (s SecretStore) Clone() SecretStore {
	out := SecretStore{received: clone(s.received), revealed: s.revealed}
	switch v := s.Value.(type) {
	case *AWSSecret:
		out.Value = clone(v)
	case *GCPSecret:
		out.Value = clone(v)
	case *KubernetesSecret:
		out.Value = clone(v)
	case *AzureSecret:
		out.Value = clone(v)
	case *HashicorpVaultSecret:
		out.Value = clone(v)
	case *AponoSecret:
		c := clone(v)
		if c != nil {
			c.Parameters = maps.Clone(c.Parameters)
		}
		out.Value = c
	case *UnknownSecret:
		c := clone(v)
		if c != nil {
			c.Names, c.Raw = slices.Clone(c.Names), slices.Clone(c.Raw)
		}
		out.Value = c
	}
	return out
}

func clone[T any](v *T) *T {
	if v == nil {
		return nil
	}
	c := *v
	return &c
}

// Check returns an error if the store cannot be sent:
//   - Value is a nil pointer, or has several stores.
//   - An [UnknownSecret] is not a JSON object with one member.
//   - A required member is empty. A store that a method of this package has read may have members
//     that were empty in the response. One that the caller has decoded from JSON or YAML may not: a
//     member may be misspelt.
//   - The server hides parameters of an [AponoSecret]: they are empty, or consist of asterisks and
//     bullets only. Or the store was decoded from JSON with "[redacted]" in their place.
//
// It returns nil if there is no store.
func (s SecretStore) Check() error {
	if err := s.one(); err != nil {
		return err
	}
	return complete(s.Value, s.received)
}

// one returns an error unless s has exactly one store.
func (s SecretStore) one() error {
	return check(s.Value, func(u *UnknownSecret) error {
		names, err := stores(u.Raw)
		switch {
		case err != nil:
			return errors.New("is not a JSON object")
		case len(names) == 0:
			return errors.New("names no secret store")
		case len(names) > 1:
			all := strings.Join(slices.Sorted(maps.Keys(names)), " and ")
			return fmt.Errorf("names more than one secret store: %s", core.OneLine(all))
		}
		return nil
	})
}

func check(v SecretStoreValue, unknown func(*UnknownSecret) error) error {
	switch u, ok := v.(*UnknownSecret); {
	case v == nil:
		return nil
	case isNil(v):
		return errors.New("is a nil pointer")
	case ok:
		return unknown(u)
	}
	return nil
}

// complete returns an error if a required value is missing. A value that was empty in the response
// is not missing, except for secrets, which the server hides.
func complete(v SecretStoreValue, k *receivedStore) error {
	var required []string // pairs of a field and its member
	switch v := v.(type) {
	case *AWSSecret:
		required = []string{"Region", "region", "SecretID", "secret_id"}
	case *GCPSecret:
		required = []string{"Project", "project", "SecretID", "secret_id"}
	case *KubernetesSecret:
		required = []string{"Namespace", "namespace", "Name", "name"}
	case *AzureSecret:
		required = []string{"VaultURL", "vault_url", "Name", "name"}
	case *HashicorpVaultSecret:
		required = []string{"SecretEngine", "secret_engine", "Path", "path"}
	case *AponoSecret:
		for _, name := range slices.Sorted(maps.Keys(v.Parameters)) {
			if k.of(v) && masked(v.Parameters[name]) {
				return fmt.Errorf(
					"has the parameter %q without its value, which the server hides: set it", name)
			}
		}
	}
	u, unknown := v.(*UnknownSecret)
	if unknown && (slices.Contains(u.Names, "apono") && slices.ContainsFunc(texts(u.Raw), masked) ||
		slices.Contains(texts(u.Raw), redact.Mark)) {
		return errors.New("has a parameter without a value, which the server hides")
	}
	for pair := range slices.Chunk(required, 2) {
		if *v.field(pair[1]) == "" && !k.emptyInResponse(v, pair[1]) {
			return fmt.Errorf("has no %s%s", pair[0], k.hint(v))
		}
	}
	return nil
}

// hint names the unknown members of a store. One of them may be misspelt.
func (k *receivedStore) hint(v SecretStoreValue) string {
	if names := k.unknown(v); len(names) > 0 {
		return fmt.Sprintf("; unknown members: %s", core.OneLine(strings.Join(names, ", ")))
	}
	return ""
}

// unknown returns the names of the received members that v, a known store, has no field for.
func (k *receivedStore) unknown(v SecretStoreValue) []string {
	base, err := k.base(v)
	if err != nil || base == nil {
		return nil
	}
	return oneof.Unknown(base, v, "")
}

// UnknownMembers returns the sorted names of the members that this release does not know. They are
// kept and sent. In a document that a person has written, they are probably misspelt. For an
// [UnknownSecret] they are its Names.
func (s SecretStore) UnknownMembers() []string {
	if s.Value == nil || isNil(s.Value) {
		return nil
	}
	if u, ok := s.Value.(*UnknownSecret); ok {
		return slices.Clone(u.Names)
	}
	return s.received.unknown(s.Value)
}

// UnknownMembers returns [SecretStore.UnknownMembers].
func (f FlatSecretStore) UnknownMembers() []string { return f.Nested().UnknownMembers() }

// stores returns the members of an object that are not null.
func stores(raw []byte) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	maps.DeleteFunc(members, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	return members, nil
}

func isNil(v SecretStoreValue) bool {
	switch v := v.(type) {
	case *AWSSecret:
		return v == nil
	case *GCPSecret:
		return v == nil
	case *KubernetesSecret:
		return v == nil
	case *AzureSecret:
		return v == nil
	case *HashicorpVaultSecret:
		return v == nil
	case *AponoSecret:
		return v == nil
	case *UnknownSecret:
		return v == nil
	}
	return v == nil
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails: any value other than one known store
// becomes an [UnknownSecret], for which Check may return an error.
func (s *SecretStore) UnmarshalJSON(b []byte) error {
	*s = SecretStore{}
	names, err := stores(b)
	if err == nil && len(names) == 0 {
		return nil
	}
	if len(names) == 1 {
		for v := range empties {
			if raw, ok := names[v.member()]; ok && json.Unmarshal(raw, v) == nil {
				*s = SecretStore{Value: v, received: &receivedStore{member: v.member(), raw: string(raw)}}
				return nil
			}
		}
	}
	s.Value = &UnknownSecret{Names: slices.Sorted(maps.Keys(names)), Raw: slices.Clone(json.RawMessage(b))}
	return nil
}

// encodable returns an error if a store has no JSON. Every store that was read has JSON, so an
// object that contains it can be stored.
func encodable(v SecretStoreValue) error {
	return check(v, func(u *UnknownSecret) error {
		if !json.Valid(u.Raw) {
			return errors.New("is not JSON")
		}
		return nil
	})
}

// Reveal returns a copy whose JSON has the secrets.
func (s SecretStore) Reveal() SecretStore {
	s.revealed = true
	return s
}

// Reveal is [SecretStore.Reveal].
func (f FlatSecretStore) Reveal() FlatSecretStore { return f.Nested().Reveal().Flat() }

// reveal returns a store for sending.
func reveal[S interface{ Reveal() S }](o Optional[S]) Optional[S] {
	if store, ok := o.Get(); ok {
		return Set(store.Reveal())
	}
	return o
}

// MarshalJSON implements [json.Marshaler]. It hides the secrets, unless the store comes from
// [SecretStore.Reveal]. It also encodes a store that fails [SecretStore.Check]. An [Optional] does
// not.
func (s SecretStore) MarshalJSON() ([]byte, error) {
	b, err := s.encode()
	if err != nil || s.revealed {
		return b, err
	}
	return hideSecrets(b, s.Value), nil
}

// hideSecrets returns the JSON of a store without its secrets. It keeps the names of members, and
// the type in the form of v2.
func hideSecrets(document []byte, v SecretStoreValue) []byte {
	switch v.(type) {
	case *AponoSecret, *UnknownSecret:
	default:
		return document // it has no secret, only a place
	}
	hidden, ok := redact.JSON(document, func(path []string, value any) bool {
		_, object := value.(map[string]any)
		return !object && !(len(path) == 1 && path[0] == "type")
	})
	switch {
	case ok:
		return []byte(hidden)
	case string(document) == "null":
		return document
	}
	return []byte(`"` + redact.Mark + `"`)
}

// value returns the value to encode, with its secrets.
func value(v SecretStoreValue) any {
	if a, ok := v.(*AponoSecret); ok {
		return (*plainAponoSecret)(a)
	}
	return v
}

// encode returns the JSON with the secrets.
func (s SecretStore) encode() ([]byte, error) {
	if s.Value == nil {
		return []byte("null"), nil
	}
	if err := encodable(s.Value); err != nil {
		return nil, fmt.Errorf("the secret store %w", err)
	}
	if u, ok := s.Value.(*UnknownSecret); ok {
		return u.Raw, nil
	}
	base, err := s.received.base(s.Value)
	if err != nil {
		return nil, err
	}
	inner, err := oneof.Merge(base, value(s.Value), "", "")
	if err != nil {
		return nil, err
	}
	return oneof.Encode(map[string]json.RawMessage{s.Value.member(): inner})
}

// Flat returns the store in the form of v2. An [UnknownSecret] keeps the JSON of the form in which
// it was received.
func (s SecretStore) Flat() FlatSecretStore { return FlatSecretStore(s) }

// FlatSecretStore is a [SecretStore] in the form of v2: an object with the store's type in the
// member type.
type FlatSecretStore struct {
	// Value is the same as in [SecretStore].
	Value SecretStoreValue

	received *receivedStore
	revealed bool
}

// Nested returns the store in the form of v4. An [UnknownSecret] keeps the JSON of the form in
// which it was received.
func (f FlatSecretStore) Nested() SecretStore { return SecretStore(f) }

// Type returns the value of the member type. It is "" if there is no store, or an unknown one.
func (f FlatSecretStore) Type() string {
	if f.Value == nil || isNil(f.Value) {
		return ""
	}
	return f.Value.flatType()
}

// IsZero reports whether there is no store. It makes encoding/json omit the member.
func (f FlatSecretStore) IsZero() bool { return f.Value == nil }

// Check returns an error as [SecretStore.Check] does. An [UnknownSecret] needs a type.
func (f FlatSecretStore) Check() error {
	if err := f.one(); err != nil {
		return err
	}
	return complete(f.Value, f.received)
}

func (f FlatSecretStore) one() error {
	return check(f.Value, func(u *UnknownSecret) error {
		if !json.Valid(u.Raw) || oneof.Discriminator(u.Raw, "type") == "" {
			return errors.New("has no type")
		}
		return nil
	})
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails: any value other than a known store
// becomes an [UnknownSecret].
func (f *FlatSecretStore) UnmarshalJSON(b []byte) error {
	*f = FlatSecretStore{}
	raw := string(b)
	var room [8]oneof.Member
	members, kind, plain := oneof.Members(raw, "type", room[:0])
	if kind == "" {
		if members, err := stores(b); err == nil && len(members) == 0 {
			return nil
		}
	}
	for v := range empties {
		if !strings.EqualFold(v.flatType(), kind) {
			continue
		}
		if _, ok := v.(*AponoSecret); !ok && plain && oneof.Texts(members, v.field) || json.Unmarshal(b, v) == nil {
			*f = FlatSecretStore{Value: v, received: &receivedStore{member: v.member(), raw: raw, flat: true}}
			return nil
		}
	}
	u := &UnknownSecret{Raw: slices.Clone(json.RawMessage(b))}
	if kind != "" {
		u.Names = []string{kind}
	}
	f.Value = u
	return nil
}

// MarshalJSON implements [json.Marshaler]. It hides the secrets, as [SecretStore.MarshalJSON] does.
func (f FlatSecretStore) MarshalJSON() ([]byte, error) {
	b, err := f.encode()
	if err != nil || f.revealed {
		return b, err
	}
	return hideSecrets(b, f.Value), nil
}

// encode returns the JSON with the secrets.
func (f FlatSecretStore) encode() ([]byte, error) {
	if f.Value == nil {
		return []byte("null"), nil
	}
	if err := encodable(f.Value); err != nil {
		return nil, fmt.Errorf("the secret store %w", err)
	}
	if u, ok := f.Value.(*UnknownSecret); ok {
		return u.Raw, nil
	}
	base, err := f.received.base(f.Value)
	if err != nil {
		return nil, err
	}
	return oneof.Merge(base, value(f.Value), "type", f.Value.flatType())
}

// The methods below hide the parameters of an AponoSecret, which are secrets, from formatted text
// and logs.

func describe(v SecretStoreValue) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case *UnknownSecret:
		if v != nil {
			return fmt.Sprintf("unknown %q", v.Names)
		}
	default:
		if !isNil(v) {
			return v.member()
		}
	}
	return "nil"
}

// Format writes only the kind of the store, for the verbs of package fmt.
func (s SecretStore) Format(w fmt.State, _ rune) {
	fmt.Fprintf(w, "SecretStore{%s}", describe(s.Value))
}

// LogValue implements [slog.LogValuer]. It returns the kind of the store.
func (s SecretStore) LogValue() slog.Value { return slog.StringValue(describe(s.Value)) }

// Format writes only the kind of the store, for the verbs of package fmt.
func (f FlatSecretStore) Format(w fmt.State, verb rune) { SecretStore(f).Format(w, verb) }

// LogValue implements [slog.LogValuer]. It returns the kind of the store.
func (f FlatSecretStore) LogValue() slog.Value { return SecretStore(f).LogValue() }

// Format writes only the number of parameters. Package fmt does not call it for %w and %p.
func (s AponoSecret) Format(w fmt.State, _ rune) {
	fmt.Fprintf(w, "AponoSecret{%d parameters, redacted}", len(s.Parameters))
}

// LogValue implements [slog.LogValuer]. It returns the number of parameters.
func (s AponoSecret) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// MarshalJSON implements [json.Marshaler]. It writes only the names of the parameters. A
// [SecretStore] in a request also has the values.
func (s AponoSecret) MarshalJSON() ([]byte, error) {
	b, err := plainAponoSecret(s).MarshalJSON()
	return hideSecrets(b, &s), err
}

// MarshalJSON implements [json.Marshaler]. It hides all values.
func (u UnknownSecret) MarshalJSON() ([]byte, error) { return hideSecrets(u.Raw, &u), nil }

// Format writes only the names of the store, because its JSON may contain secrets.
func (u UnknownSecret) Format(w fmt.State, _ rune) { fmt.Fprintf(w, "UnknownSecret{%q}", u.Names) }

// LogValue implements [slog.LogValuer]. It returns the names of the store.
func (u UnknownSecret) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(u)) }
