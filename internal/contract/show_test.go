package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
)

// models are values of the exported models of each vendor.
var models = map[string][]any{
	"confluent": {
		confluent.Reference{}, confluent.IntegrationV1{}, confluent.IntegrationCreateV1{}, confluent.AWSConfig{},
		confluent.AzureConfig{}, confluent.GCPConfig{},
		confluent.Integration{}, confluent.IntegrationCreate{}, confluent.IntegrationUpdate{},
		confluent.IntegrationValidate{},
		confluent.Config{}, confluent.UnknownConfig{}, confluent.AnyIntegration{}, confluent.Problem{},
		sdk.EnsureResult[confluent.Integration]{}, sdk.WaitOptions{},
	},
	"apono": {
		apono.AponoSecret{}, apono.AWSSecret{}, apono.AzureSecret{}, apono.GCPSecret{}, apono.HashicorpVaultSecret{},
		apono.KubernetesSecret{},
		apono.ConnectorV2{}, apono.ConnectorSessionMetadata{}, apono.ConnectorSession{}, apono.ConnectorSessionCloud{},
		apono.Connector{},
		apono.IntegrationCreateV2{}, apono.IntegrationCreate{}, apono.IntegrationV2{}, apono.Integration{},
		apono.IntegrationUpdateV2{}, apono.IntegrationUpdate{},
		apono.CatalogEntry{}, apono.CatalogParam{}, apono.OwnerMapping{}, apono.Owner{}, apono.Permission{},
		apono.Resource{}, apono.ResourceStatus{},
		apono.OwnerMappingReference{}, apono.OwnerReference{},
		apono.Config{}, apono.SecretStore{}, apono.FlatSecretStore{}, apono.UnknownSecret{},
		sdk.EnsureResult[apono.Integration]{}, apono.WaitOptions{},
	},
	"egeria": {
		egeria.ServerProperties{}, egeria.ConnectorReport{}, egeria.DaemonServices{}, egeria.DaemonStatus{},
		egeria.GroupSummary{}, egeria.ServerRun{},
		egeria.ServiceStatus{}, egeria.RegisteredService{}, egeria.InstanceStatus{}, egeria.ServerStatus{},
		egeria.EventBus{}, egeria.ServerType{},
		egeria.Object{}, egeria.Document{}, egeria.IntegrationGroup{}, sdk.WaitOptions{},
	},
}

func TestEveryModelHasATextAndALogValue(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		have := map[string]bool{}
		for _, m := range models[v.name] {
			have[reflect.TypeOf(m).Name()] = true
			assert.Implements(t, (*fmt.Formatter)(nil), m)
			assert.Implements(t, (*slog.LogValuer)(nil), m)
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", v.name, "zz_generated.go"), nil, 0)
		require.NoError(t, err)
		for n := range ast.Preorder(file) {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() || have[spec.Name.Name] {
				continue
			}
			if _, isStruct := spec.Type.(*ast.StructType); isStruct {
				t.Errorf("add %s.%s{} to models in internal/contract/show_test.go", v.name, spec.Name.Name)
			}
		}
	})
}

// unreadable matches an address, and bytes as numbers.
var unreadable = regexp.MustCompile(`0x[0-9a-f]{6,}|\b\d{2,3}[ ,]+\d{2,3}[ ,]+\d{2,3}\b|%!`)

func TestTextOfAModelIsReadable(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, zero := range models[v.name] {
			filled := reflect.New(reflect.TypeOf(zero))
			fill(filled.Elem())
			value, pointer := filled.Elem().Interface(), filled.Interface()
			list := reflect.Append(reflect.Zero(reflect.SliceOf(filled.Type().Elem())), filled.Elem()).Interface()
			pointers := reflect.Append(reflect.Zero(reflect.SliceOf(filled.Type())), filled).Interface()
			for _, shown := range []any{value, pointer, list, pointers, struct{ V any }{value},
				struct{ V any }{pointer}, zero, reflect.New(reflect.TypeOf(zero)).Interface()} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%10v", "%t"} {
					text := fmt.Sprintf(verb, shown)
					assert.NotRegexp(t, unreadable, text, "%T %s", shown, verb)
					hides(t, text, []string{canary}, verb)
				}
				hides(t, fmt.Sprintf("%x %X % x %q", shown, shown, shown, shown),
					[]string{canary, fmt.Sprintf("%x", canary)}, "hexadecimal")
				text, document := logged(shown)
				assert.NotRegexp(t, unreadable, text, "%T", shown)
				_, isValuer := shown.(slog.LogValuer)
				if isValuer {
					assert.NotContains(t, text+document, "!ERROR", "%T", shown)
				}
				if !isValuer && v.name == "confluent" {
					document = `{}` // only unknown configurations may contain secrets, and their JSON is kept
				}
				hides(t, text+document, []string{canary}, fmt.Sprintf("%T", shown))
				require.True(t, json.Valid([]byte(document)), document)
			}
		}
	})
}

// logged returns a value as written by the handlers of slog.
func logged(v any) (text, document string) {
	var a, b bytes.Buffer
	options := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	slog.New(slog.NewTextHandler(&a, options)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&b, options)).Info("m", "v", v)
	return a.String(), b.String()
}

// fill sets the fields of a model. Fields that are secrets get the canary.
func fill(v reflect.Value) {
	secrets := `{"password":"` + canary + `","url":"jdbc:x?user=u&password=` + canary + `"`
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
		return
	case *apono.AponoSecret:
		p.Parameters = map[string]string{"any": canary}
		return
	case *apono.UnknownSecret:
		p.Names, p.Raw = []string{"newer"}, json.RawMessage(`{"any":"`+canary+`"}`)
		return
	case *json.RawMessage:
		*p = json.RawMessage(secrets + `}`)
		return
	case *apono.SecretStore, *apono.Optional[apono.SecretStore]:
		_ = json.Unmarshal([]byte(`{"apono":{"parameters":{"any":"`+canary+`"}}}`), p)
		return
	case *apono.FlatSecretStore, *apono.Optional[apono.FlatSecretStore]:
		_ = json.Unmarshal([]byte(`{"type":"APONO","parameters":{"any":"`+canary+`"}}`), p)
		return
	case *apono.Config: // its JSON has the form that the vendor expects
		*p = apono.ConfigOf(map[string]string{"url": "text-1"})
		return
	case *egeria.Object, *egeria.Document:
		_ = json.Unmarshal([]byte(secrets+`,"securedProperties":{"a":"`+canary+`"}}`), p)
		return
	case *confluent.Config:
		_ = json.Unmarshal([]byte(`{"kind":"OciIntegrationConfig","client_secret":"`+canary+`"}`), p)
		return
	case *egeria.IntegrationGroup:
		p.QualifiedName, p.Extra = "g", egeria.Object{"max": json.RawMessage(`5`)}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text-1")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Func:
		v.Set(reflect.MakeFunc(v.Type(), func([]reflect.Value) []reflect.Value { return nil }))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.Struct:
		for f, value := range v.Fields() {
			switch {
			case !f.IsExported():
			case f.Name == "Password":
				value.SetString(canary)
			default:
				fill(value)
			}
		}
	}
}

func TestTextOfAModelShowsWhatItHolds(t *testing.T) {
	t.Parallel()
	size := 50
	integration := confluent.Integration{
		ID: "cspi-1", DisplayName: "a \"b\"\n", Provider: confluent.ProviderGCP, Usages: []string{"crn://a", "crn://b"},
		Config: confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "a@b"}},
	}
	for want, v := range map[string]any{
		`Integration{Config:GCPConfig{CustomerGoogleServiceAccount:"a@b"} DisplayName:"a \"b\"\n" ID:"cspi-1" ` +
			`Provider:"GCP" Usages:["crn://a" "crn://b"]}`: integration,
		"[Reference{} GCPConfig{} nil]": []any{confluent.Reference{}, confluent.Config{Value: &confluent.GCPConfig{}},
			confluent.Config{}},
		`{"host":"h","password":"[redacted]","port":5432}`: apono.Config{
			"host": json.RawMessage(`"h"`), "port": json.RawMessage(`5432`),
			"password": json.RawMessage(`"` + canary + `"`),
		},
		`{"odd":"{cut"}`: apono.Config{"odd": json.RawMessage(`{cut`)},
		`Integration{Category:"RESOURCES" ID:"i" IntegrationConfig:{"port":"5432"} LastSyncTime:2026-01-02T03:04:05Z ` +
			`Owner:Owner{AttributeType:"user" AttributeValue:["a@b"]} ` +
			`SecretStoreConfig:SecretStore{aws}}`: &apono.Integration{
			ID: "i", Category: "RESOURCES", IntegrationConfig: apono.ConfigOf(map[string]string{"port": "5432"}),
			LastSyncTime:      apono.Time{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
			Owner:             &apono.Owner{AttributeType: "user", AttributeValue: []string{"a@b"}},
			SecretStoreConfig: apono.SecretStore{Value: &apono.AWSSecret{Region: "r"}},
		},
		`ServerProperties{Password:[redacted] MaxPageSize:50}`: egeria.ServerProperties{Password: canary,
			MaxPageSize: &size},
		`EnsureResult{Action:"created" ` +
			`Integration:Integration{ID:"i"} Differences:["Name"]}`: sdk.EnsureResult[apono.Integration]{
			Action: sdk.EnsureCreated, Integration: &apono.Integration{ID: "i"}, Differences: []string{"Name"},
		},
		`WaitOptions{Interval:1s Progress:func}`: sdk.WaitOptions{Interval: time.Second, Progress: func(int, error) {}},
		`WaitOptions{}`:                          sdk.WaitOptions{},
		`WaitOptions{WaitOptions:WaitOptions{Timeout:1m0s} Before:Integration{ID:"i"}}`: apono.WaitOptions{
			WaitOptions: sdk.WaitOptions{Timeout: time.Minute}, Before: &apono.Integration{ID: "i"},
		},
		`IntegrationCreate{Environment:Reference{ID:"env-1"}}`: confluent.IntegrationCreate{
			Environment: confluent.Reference{ID: "env-1"}},
	} {
		assert.Equal(t, want, fmt.Sprint(v))
		assert.Equal(t, want, fmt.Sprintf("%+v", v))
	}
	_, document := logged(&integration)
	assert.Contains(t, document,
		`"v":{"config":{"kind":"GcpIntegrationConfig","customer_google_service_account":"a@b"},`+
			`"display_name":"a \"b\"\n","id":"cspi-1","provider":"GCP","usages":["crn://a","crn://b"]}`)
	text, _ := logged(egeria.InstanceStatus{ServerName: "s",
		Services: []egeria.ServiceStatus{{Name: "n", State: egeria.ServerStateRunning}}})
	assert.Contains(t, text, `v.serverName=s v.services="[ServiceStatus{Name:\"n\" State:\"RUNNING\"}]"`)
}
