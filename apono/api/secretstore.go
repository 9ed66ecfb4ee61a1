package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/oneof"
)

// SecretStore says where the secret of an integration is: one of [AWSSecret], [GCPSecret], [KubernetesSecret], [AzureSecret],
// [HashicorpVaultSecret], [AponoSecret], or [UnknownSecret]. It is v4's form, an object with exactly one member; [FlatSecretStore] is v2's, over the same types.
//
// Members of a known store that this release does not know are kept, and written again when the SecretStore is encoded. No verb of package fmt shows the parameters of an
// AponoSecret, nor does package slog where it is given the SecretStore, or an object of this package that holds one. What encodes JSON writes them, because
// they have to be sent: so does slog's JSON handler for a struct, map or slice of yours that holds a SecretStore. Two things package fmt does without asking: it reaches
// into unexported fields of a struct of yours, with most verbs, and it shows what %w and %p are given.
type SecretStore struct {
	// Value is a pointer to one of the variants. It is nil where the API sent no store: nothing, null, {}, or only members that are null.
	Value SecretStoreValue

	kept *kept
}

// kept is a variant as it was received. Package fmt does not follow a pointer inside a struct, also where it can't call Format.
type kept struct {
	member string
	raw    string // of which the texts of the variant may be parts
	flat   bool   // raw is v2's form
}

// of reports whether v was received, and no other variant took its place.
func (k *kept) of(v SecretStoreValue) bool { return k != nil && k.member == v.member() }

// base is what a variant was received as, without its discriminator, unless another one took its place.
func (k *kept) base(v SecretStoreValue) (json.RawMessage, error) {
	switch {
	case !k.of(v):
		return nil, nil
	case !k.flat:
		return json.RawMessage(k.raw), nil
	}
	members, err := stores([]byte(k.raw))
	if err != nil {
		return nil, err
	}
	delete(members, "type")
	return oneof.Encode(members)
}

// SecretStoreValue is a variant of [SecretStore]. The variants are pointers to the types of this package.
type SecretStoreValue interface {
	member() string            // its member in v4
	flatType() string          // its type in v2
	field(name string) *string // the field of a member that is a text, nil where it has none
}

// UnknownSecret is a store that this release does not know, or more than one at once.
type UnknownSecret struct {
	// Names are the members (v4), or the type (v2), sorted.
	Names []string
	// Raw is the whole object as received. To send a store that is newer than this release, fill it with an object that has the one member.
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
func (*AponoSecret) flatType() string          { return "APONO" } // by analogy: the vendor documents no type for it
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

// empties are a fresh value of each known variant.
func empties(yield func(SecretStoreValue) bool) {
	_ = yield(&AWSSecret{}) && yield(&GCPSecret{}) && yield(&KubernetesSecret{}) && yield(&AzureSecret{}) && yield(&HashicorpVaultSecret{}) && yield(&AponoSecret{})
}

// Kind is the member that names the store in v4, "" where there is none, or an unknown one.
func (s SecretStore) Kind() string {
	if s.Value == nil || isNil(s.Value) {
		return ""
	}
	return s.Value.member()
}

// Kind is that of [SecretStore].
func (f FlatSecretStore) Kind() string { return f.Nested().Kind() }

// Secrets are the values that must not be shown: the parameters of an [AponoSecret], and all texts in a store that is not known.
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

// texts are all texts in a JSON document that are no names of members.
func texts(document []byte) []string {
	var v any
	_ = json.Unmarshal(document, &v) // what is no JSON is not sent
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

// masked reports whether a secret is hidden: nothing, or nothing but * and •.
func masked(secret string) bool { return strings.Trim(secret, "*•") == "" }

// Secrets is that of [SecretStore].
func (f FlatSecretStore) Secrets() []string { return f.Nested().Secrets() }

// IsZero reports whether there is no store. It makes encoding/json leave the member out.
func (s SecretStore) IsZero() bool { return s.Value == nil }

// Clone is a copy that shares nothing with s.
func (s SecretStore) Clone() SecretStore {
	out := SecretStore{kept: clone(s.kept)}
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

// Check reports why the store can't be used: a nil pointer in Value, more than one store, an unknown one that is no JSON object with
// one member, a required member that is empty, unless the server sent it so, and parameters of an [AponoSecret] as a server sends them that does not tell them: empty, or
// nothing but * and •. No store at all passes.
func (s SecretStore) Check() error {
	if err := s.one(); err != nil {
		return err
	}
	return complete(s.Value, s.kept)
}

// one reports why the store is not exactly one.
func (s SecretStore) one() error {
	return check(s.Value, func(u *UnknownSecret) error {
		names, err := stores(u.Raw)
		switch {
		case err != nil:
			return errors.New("is no JSON object")
		case len(names) == 0:
			return errors.New("names no secret store")
		case len(names) > 1:
			return fmt.Errorf("names more than one secret store: %s", strings.Join(slices.Sorted(maps.Keys(names)), " and "))
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

// complete finds what is missing. What a server sent is not for us to complete, but for secrets that it hides.
func complete(v SecretStoreValue, k *kept) error {
	var required []string // names and values
	switch v := v.(type) {
	case *AWSSecret:
		required = []string{"Region", v.Region, "SecretID", v.SecretID}
	case *GCPSecret:
		required = []string{"Project", v.Project, "SecretID", v.SecretID}
	case *KubernetesSecret:
		required = []string{"Namespace", v.Namespace, "Name", v.Name}
	case *AzureSecret:
		required = []string{"VaultURL", v.VaultURL, "Name", v.Name}
	case *HashicorpVaultSecret:
		required = []string{"SecretEngine", v.SecretEngine, "Path", v.Path}
	case *AponoSecret:
		for _, name := range slices.Sorted(maps.Keys(v.Parameters)) {
			if k.of(v) && masked(v.Parameters[name]) {
				return fmt.Errorf("has the parameter %q without its value, which the server does not tell: set it", name)
			}
		}
	}
	if u, ok := v.(*UnknownSecret); ok && slices.Contains(u.Names, "apono") && slices.ContainsFunc(texts(u.Raw), masked) {
		return errors.New("has a parameter without its value, which the server does not tell")
	}
	for pair := range slices.Chunk(required, 2) {
		if pair[1] == "" && !k.of(v) {
			return fmt.Errorf("has no %s", pair[0])
		}
	}
	return nil
}

// stores are the members that are not null.
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

// UnmarshalJSON implements [json.Unmarshaler]. It never fails: what is no single known store becomes an [UnknownSecret], which Check tells.
func (s *SecretStore) UnmarshalJSON(b []byte) error {
	*s = SecretStore{}
	names, err := stores(b)
	if err == nil && len(names) == 0 {
		return nil
	}
	if len(names) == 1 {
		for v := range empties {
			if raw, ok := names[v.member()]; ok && json.Unmarshal(raw, v) == nil {
				*s = SecretStore{v, &kept{v.member(), string(raw), false}}
				return nil
			}
		}
	}
	s.Value = &UnknownSecret{Names: slices.Sorted(maps.Keys(names)), Raw: slices.Clone(json.RawMessage(b))}
	return nil
}

// encodable reports why a store has no JSON. One that was read always has, whatever it is, so that what holds it can be stored.
func encodable(v SecretStoreValue) error {
	return check(v, func(u *UnknownSecret) error {
		if !json.Valid(u.Raw) {
			return errors.New("is no JSON")
		}
		return nil
	})
}

// MarshalJSON implements [json.Marshaler]. What no request may send, see Check, is encoded too; an [Optional] refuses it.
func (s SecretStore) MarshalJSON() ([]byte, error) {
	if s.Value == nil {
		return []byte("null"), nil
	}
	if err := encodable(s.Value); err != nil {
		return nil, fmt.Errorf("the secret store %w", err)
	}
	if u, ok := s.Value.(*UnknownSecret); ok {
		return u.Raw, nil
	}
	base, err := s.kept.base(s.Value)
	if err != nil {
		return nil, err
	}
	inner, err := oneof.Merge(base, s.Value, "", "")
	if err != nil {
		return nil, err
	}
	return oneof.Encode(map[string]json.RawMessage{s.Value.member(): inner})
}

// Flat is the store in v2's form. An [UnknownSecret] has none: it keeps the bytes of the form that it came in.
func (s SecretStore) Flat() FlatSecretStore { return FlatSecretStore(s) }

// FlatSecretStore is [SecretStore] in v2's form: an object whose member type names the store.
type FlatSecretStore struct {
	// Value is as in [SecretStore].
	Value SecretStoreValue

	kept *kept
}

// Nested is the store in v4's form. An [UnknownSecret] has none: it keeps the bytes of the form that it came in.
func (f FlatSecretStore) Nested() SecretStore { return SecretStore(f) }

// Type is the value of the member type, "" where there is no store, or an unknown one.
func (f FlatSecretStore) Type() string {
	if f.Value == nil || isNil(f.Value) {
		return ""
	}
	return f.Value.flatType()
}

// IsZero reports whether there is no store. It makes encoding/json leave the member out.
func (f FlatSecretStore) IsZero() bool { return f.Value == nil }

// Check is that of [SecretStore]; an unknown store needs a type.
func (f FlatSecretStore) Check() error {
	if err := f.one(); err != nil {
		return err
	}
	return complete(f.Value, f.kept)
}

func (f FlatSecretStore) one() error {
	return check(f.Value, func(u *UnknownSecret) error {
		if !json.Valid(u.Raw) || oneof.Discriminator(u.Raw, "type") == "" {
			return errors.New("has no type")
		}
		return nil
	})
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails: what is no known store becomes an [UnknownSecret].
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
			*f = FlatSecretStore{v, &kept{v.member(), raw, true}}
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

// MarshalJSON implements [json.Marshaler].
func (f FlatSecretStore) MarshalJSON() ([]byte, error) {
	if f.Value == nil {
		return []byte("null"), nil
	}
	if err := encodable(f.Value); err != nil {
		return nil, fmt.Errorf("the secret store %w", err)
	}
	if u, ok := f.Value.(*UnknownSecret); ok {
		return u.Raw, nil
	}
	base, err := f.kept.base(f.Value)
	if err != nil {
		return nil, err
	}
	return oneof.Merge(base, f.Value, "type", f.Value.flatType())
}

// The rest keeps the parameters of an AponoSecret, which are secrets, out of whatever is printed or logged.

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

// Format shows the kind of the store only, for every verb of package fmt.
func (s SecretStore) Format(w fmt.State, _ rune) {
	fmt.Fprintf(w, "SecretStore{%s}", describe(s.Value))
}

// LogValue is the kind of the store.
func (s SecretStore) LogValue() slog.Value { return slog.StringValue(describe(s.Value)) }

// Format shows the kind of the store only, for every verb of package fmt.
func (f FlatSecretStore) Format(w fmt.State, verb rune) { SecretStore(f).Format(w, verb) }

// LogValue is the kind of the store.
func (f FlatSecretStore) LogValue() slog.Value { return SecretStore(f).LogValue() }

// Format shows how many parameters there are, for every verb of package fmt.
func (s AponoSecret) Format(w fmt.State, _ rune) {
	fmt.Fprintf(w, "AponoSecret{%d parameters, redacted}", len(s.Parameters))
}

// LogValue is how many parameters there are.
func (s AponoSecret) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// Format shows the names of the store only: its bytes may hold secrets.
func (u UnknownSecret) Format(w fmt.State, _ rune) { fmt.Fprintf(w, "UnknownSecret{%q}", u.Names) }

// LogValue is the names of the store.
func (u UnknownSecret) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(u)) }
