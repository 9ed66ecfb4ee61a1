//go:build !race

// The race detector uses memory itself. The figures are not valid with it.

package contract_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
)

// decoder is a way to decode a response.
type decoder struct {
	vendor   string
	name     string
	document string // with %s in place of the items of a list, or of the members of an object
	call     func(ctx context.Context, client any) error
	ordinary string // an item of the list with few members; "" if it is not a list
}

const (
	envelope = `{"class":"Bean","relatedHTTPCode":200,`
)

func first[T any](seq func(func(T, error) bool)) error {
	for _, err := range seq {
		if err != nil {
			return err
		}
	}
	return nil
}

var decoders = []decoder{
	{"confluent", "List", `{"data":[%s],"metadata":{}}`, func(ctx context.Context, c any) error {
		return first(c.(*confluent.Client).Integrations.List(ctx, "env-1", nil))
	}, `{"id":"cspi-12345","display_name":"one","provider":"GCP","environment":{"id":"env-12345"},` +
		`"status":"CREATED","config":{"kind":"GcpIntegrationConfig","google_service_account":"a@b.example.com"}}`},
	{"confluent", "ListV1", `{"data":[%s],"metadata":{}}`, func(ctx context.Context, c any) error {
		return first(c.(*confluent.Client).IntegrationsV1.List(ctx, "env-1", nil))
	}, `{"id":"cspi-12345","display_name":"one","provider":"AWS","environment":{"id":"env-12345"},` +
		`"config":{"kind":"AwsIntegrationConfig","iam_role_arn":"arn:aws:iam::000000000000:role/x"}}`},
	{"confluent", "Get", `{"id":"x","config":{%s"kind":"GcpIntegrationConfig"}}`,
		func(ctx context.Context, c any) error {
			_, err := c.(*confluent.Client).Integrations.Get(ctx, "env-1", "x")
			return err
		}, ""},
	{"confluent", "GetUsages", `{"id":"x","usages":[%s]}`, func(ctx context.Context, c any) error {
		_, err := c.(*confluent.Client).Integrations.Get(ctx, "env-1", "x")
		return err
	}, `"crn://confluent.cloud/environment=env-1/connector=1"`},
	{"confluent", "Delete", `{"errors":[%s]}`, func(ctx context.Context, c any) error {
		return c.(*confluent.Client).Integrations.Delete(ctx, "env-1", "x")
	}, ""},
	{"apono", "List", `{"items":[%s],"pagination":{}}`, func(ctx context.Context, c any) error {
		return first(c.(*apono.Client).Integrations.List(ctx, nil))
	}, `{"id":"123e4567-e89b-12d3-a456-426614174000","name":"one","type":"mysql","status":"ACTIVE",` +
		`"last_sync_time":"2025-05-01T10:00:00Z","connector_id":"one","category":"RESOURCE",` +
		`"connected_resource_types":["mysql-db"],"integration_config":{"hostname":"db.example.com"},` +
		`"secret_store_config":{"aws":{"region":"eu-west-1","secret_id":"mysql"}},"custom_access_details":""}`},
	{"apono", "ListV2", `{"data":[%s],"pagination":{}}`, func(ctx context.Context, c any) error {
		return first(c.(*apono.Client).IntegrationsV2.List(ctx))
	}, `{"id":"123e4567-e89b-12d3-a456-426614174000","name":"one","type":"mysql","status":"ACTIVE",` +
		`"last_sync_time":1746093600.5,"provisioner_id":"one","connection":"x",` +
		`"connected_resource_types":["mysql-db"],"metadata":{"hostname":"db.example.com"},` +
		`"secret_config":{"type":"AWS","region":"eu-west-1","secret_id":"mysql"}}`},
	{"apono", "Resources", `{"data":[%s],"pagination":{}}`, func(ctx context.Context, c any) error {
		return first(c.(*apono.Client).Resources.List(ctx, "x", ""))
	}, `{"id":"123e4567-e89b-12d3-a456-426614174000","name":"one","type":"mysql-db","path":"one/two"}`},
	{"apono", "Permissions", `{"data":[%s],"pagination":{}}`, func(ctx context.Context, c any) error {
		return first(c.(*apono.Client).Resources.Permissions(ctx, "x", ""))
	}, `{"id":"123e4567-e89b-12d3-a456-426614174000","name":"READ_ONLY"}`},
	{"apono", "Catalog", `{"data":[%s],"pagination":{}}`, func(ctx context.Context, c any) error {
		return first(c.(*apono.Client).Catalog.List(ctx))
	}, `{"type":"mysql","name":"MySQL","description":"","requires_secret":true,"supported_secret_types":["AWS",` +
		`"GCP"],"params":[{"id":"hostname","label":"Host","type":"string","default":"","optional":false,` +
		`"values":null}]}`},
	{"apono", "Connectors", `{"items":[%s],"pagination":{}}`, func(ctx context.Context, c any) error {
		return first(c.(*apono.Client).Connectors.List(ctx, nil))
	}, `{"id":"one","name":"one","version":"1.7.0","is_latest_version":true,"status":"CONNECTED",` +
		`"cloud_provider_type":"AWS","last_connected":"2025-05-01T10:00:00Z","sessions":[{"id":"123e4567-e89b-12d3",` +
		`"last_connected_time":"2025-05-01T10:00:00Z","metadata":{}}]}`},
	{"apono", "ConnectorsV2", `[%s]`, func(ctx context.Context, c any) error {
		return first(c.(*apono.Client).Connectors.ListV2(ctx))
	}, `{"connector_id":"123e4567-e89b-12d3-a456-426614174000","status":"Connected"}`},
	{"apono", "Get", `{"id":"x","integration_config":{%s"b":1}}`, func(ctx context.Context, c any) error {
		_, err := c.(*apono.Client).Integrations.Get(ctx, "x")
		return err
	}, ""},
	{"apono", "GetSecrets", `{"id":"x","secret_store_config":{"apono":{"parameters":{%s"b":"c"}}}}`,
		func(ctx context.Context, c any) error {
			_, err := c.(*apono.Client).Integrations.Get(ctx, "x")
			return err
		}, ""},
	{"apono", "Delete", `{"errors":[%s]}`, func(ctx context.Context, c any) error {
		return c.(*apono.Client).Integrations.Delete(ctx, "x")
	}, ""},
	{"egeria", "Groups", envelope + `"groups":[%s]}`, func(ctx context.Context, c any) error {
		_, err := platform(c).Server("s").IntegrationGroups.List(ctx)
		return err
	}, `{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"https://localhost:9443",` +
		`"omagserverName":"active-metadata-store","integrationGroupQualifiedName":"Egeria:IntegrationGroup:Default",` +
		`"extra":1}`},
	{"egeria", "Servers", envelope + `"serverList":[%s]}`, func(ctx context.Context, c any) error {
		_, err := platform(c).Platform.Servers(ctx)
		return err
	}, `"an-integration-daemon-of-ours-somewhere"`},
	{"egeria", "Services", envelope + `"services":[%s]}`, func(ctx context.Context, c any) error {
		_, err := platform(c).Platform.RegisteredServices(ctx)
		return err
	}, `{"class":"RegisteredOMAGService","serviceId":1,"serviceName":"Files Integrator",` +
		`"serviceURLMarker":"files-integrator","serviceDescription":"Collects metadata",` +
		`"serviceWiki":"https://egeria-project.org/services"}`},
	{"egeria", "Configurations", envelope + `"omagserverConfigs":[%s]}`, func(ctx context.Context, c any) error {
		_, err := platform(c).Platform.Configurations(ctx)
		return err
	}, `{"class":"OMAGServerConfig","versionId":"V2.0","localServerId":"123","localServerName":"one",` +
		`"maxPageSize":1000}`},
	{"egeria", "Daemon", envelope + `"integrationDaemonStatus":{"integrationConnectorReports":[%s]}}`,
		func(ctx context.Context, c any) error {
			_, err := platform(c).Server("s").Daemon.Status(ctx)
			return err
		}, ""},
	{"egeria", "Document", envelope + `"omagserverConfig":{%s"b":1}}`, func(ctx context.Context, c any) error {
		_, err := platform(c).Server("s").Config.Get(ctx)
		return err
	}, ""},
	{"egeria", "Parameters", envelope + `"exceptionErrorMessageParameters":[%s]}`,
		func(ctx context.Context, c any) error {
			return platform(c).Server("s").IntegrationGroups.Clear(ctx)
		}, ""},
	{"egeria", "Properties", envelope + `"exceptionClassName":"x","exceptionProperties":{%s"b":1}}`,
		func(ctx context.Context, c any) error {
			return platform(c).Server("s").IntegrationGroups.Clear(ctx)
		}, ""},
	{"egeria", "Origin", `Egeria OMAG Server Platform %s`, func(ctx context.Context, c any) error {
		_, err := platform(c).Platform.Origin(ctx)
		return err
	}, ""},
}

var strictly = map[string][]sdk.Option{
	"apono": {apono.WithStrict()}, "egeria": {egeria.WithStrict()},
}

// filled returns a document of about size bytes, with repetitions of item.
func (d decoder) filled(item string, size int) string {
	items := strings.Repeat(item+",", max(size/(len(item)+1), 1))
	if strings.Contains(d.document, "[%s") {
		items = strings.TrimSuffix(items, ",")
	}
	return fmt.Sprintf(d.document, items)
}

// peak returns the maximum growth of the heap while f runs, without garbage that existed before the
// first collection. It measures often.
func peak(f func()) int {
	const gcPercent = 5
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	runtime.GC()
	heap := func() int {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return int(sample[0].Value.Uint64())
	}
	before, most, done, measured := heap(), 0, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(measured)
		for {
			select {
			case <-done:
				return
			default:
				most = max(most, heap())
				time.Sleep(50 * time.Microsecond)
			}
		}
	}()
	f()
	close(done)
	<-measured
	most = max(most, heap())
	return most - before - before*gcPercent/100
}

// sender returns a function that calls the operation. The response has the given body.
func (d decoder) sender(t *testing.T, o options, status int, body string) func() error {
	t.Helper()
	for _, v := range vendors {
		if v.name != d.vendor {
			continue
		}
		o.shared = append(o.shared, sdk.WithRetry(sdk.RetryPolicy{MaxAttempts: 1, Budget: -1}))
		c, _ := start(t, v, o, func(int, request) (*http.Response, error) {
			r := respond(status, body)
			r.ContentLength = -1
			return r, nil
		})
		return func() error { return d.call(t.Context(), c.value) }
	}
	require.Fail(t, "no vendor")
	return nil
}

// run calls the operation, and returns the growth of the heap.
func (d decoder) run(t *testing.T, o options, status int, body string) (grown int, err error) {
	t.Helper()
	send := d.sender(t, o, status, body)
	return peak(func() { err = send() }), err
}

func TestMemoryThatAResponseTakesIsBounded(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	elements := map[string]string{
		"empty objects": `{}`, "null": `null`, "numbers": `0`, "texts": `""`, "one member": `{"id":"1"}`,
		"unknown members": `{"a":{},"b":[],"c":0}`,
		"small maps": `{"id":"1","config":{"kind":"a"},"integration_config":{"a":1},"metadata":{"a":1},` +
			`"secret_store_config":{"a":{}},"secret_config":{"type":"a"}}`,
		"lists of texts": `{"id":"1","usages":["","","","","","","",""],"connected_resource_types":["","","","","",` +
			`"",""],"supported_secret_types":["","","",""]}`,
		"lists of lists": `{"id":"1","sessions":[{},{},{},{},{}],"params":[{},{},{},{},{}]}`, "long texts": `"` + long +
			`"`, "not UTF-8": `{"id":"` + strings.Repeat("\xff", 1<<16) + `"}`,
		"escapes": `{"id":"` + strings.Repeat(`\n`, 1<<15) + `"}`, "deep": strings.Repeat("[", 9000) +
			strings.Repeat("]", 9000),
	}
	members := map[string]string{
		"numbers": `"a":0`, "texts": `"a":""`, "objects": `"a":{}`, "escapes": `"\n":0`, "long": `"a":"` + long + `"`,
		"not UTF-8": "\"\xff\":\"\xff\"", "deep": `"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
	}
	for _, d := range decoders {
		items := elements
		if !strings.Contains(d.document, "[%s") {
			items = members
		}
		for name, item := range items {
			for _, size := range []int{256 << 10, 1 << 20} {
				large := size > 256<<10
				switch name {
				case "escapes": // searching an error for secrets takes a few megabytes, even for a small error
					if !large {
						continue
					}
				case "empty objects", "numbers":
				default:
					if large {
						continue
					}
				}
				body := d.filled(item, size)
				if !strings.Contains(d.document, "[%s") && len(item) < 10 {
					var b strings.Builder // the names must differ
					for i := 0; b.Len() < size; i++ {
						fmt.Fprintf(&b, `"%d%s,`, i, item[1:])
					}
					body = fmt.Sprintf(d.document, b.String())
				}
				for kind, o := range map[string]options{"lenient": {}, "strict": {shared: strictly[d.vendor]}} {
					if kind == "strict" && (!large || o.shared == nil) {
						continue
					}
					d.bounded(t, o, body, name+", "+kind)
				}
			}
		}
	}
}

// bounded fails the test if decoding body takes more memory than a response may. Garbage that was
// collected late is counted, so the smallest result is used.
func (d decoder) bounded(t *testing.T, o options, body, name string) {
	t.Helper()
	grown, err := d.run(t, o, 200, body)
	for range 2 {
		if grown > 8*len(body)+1<<20 {
			again, _ := d.run(t, o, 200, body)
			grown = min(grown, again)
		}
	}
	if grown > 8*len(body)+1<<20 {
		t.Errorf("%s %s, %s: %d bytes take %d, %.1f times: %.200v", d.vendor, d.name, name, len(body), grown,
			float64(grown)/float64(len(body)), err)
	}
}

// A document may have an error, and after it what looks like very many values.
func TestMemoryOfAListWithAnErrorIsBounded(t *testing.T) {
	for _, d := range decoders {
		head, _, list := strings.Cut(d.document, "[%s")
		if !list {
			continue
		}
		for _, value := range []string{`1 `, `""`, `"":`} {
			d.bounded(t, options{}, head+`[{},!`+strings.Repeat(value, 1<<17), value+" after an error")
		}
	}
}

// Items that are just large enough to be accepted take the most memory.
func TestMemoryOfTheSmallestItemsThatAreAcceptedIsBounded(t *testing.T) {
	const longest = 256
	items := map[string]string{
		"unknown": `{"x":"%s"}`, "known": `{"id":"%s"}`,
		"nested": `{"id":"","sessions":[{},{}],"params":[{}],"usages":["",""],"x":"%s"}`, "texts": `"%s"`,
	}
	members := map[string]string{"same": `"x":"%s"`, "texts": `"%[2]d":"%[1]s"`, "objects": `"%[2]d":{"a":"%[1]s"}`,
		"lists": `"%[2]d":["%[1]s",{}]`}
	for _, d := range decoders {
		forms := items
		if !strings.Contains(d.document, "[%s") {
			forms = members
		}
		for name, form := range forms {
			body := func(pad int) string {
				text, all := strings.Repeat("p", pad), &strings.Builder{}
				for i := 0; all.Len() < 256<<10; i++ {
					if strings.Contains(form, "%[2]d") {
						fmt.Fprintf(all, form+",", text, i)
					} else {
						fmt.Fprintf(all, form+",", text)
					}
				}
				if !strings.Contains(d.document, "[%s") {
					return fmt.Sprintf(d.document, all)
				}
				return fmt.Sprintf(d.document, strings.TrimSuffix(all.String(), ","))
			}
			smallest := sort.Search(longest, func(pad int) bool {
				err := d.sender(t, options{}, 200, body(pad))()
				return err == nil || !strings.Contains(err.Error(), "too many values")
			})
			require.Less(t, smallest, longest, "%s %s, %s", d.vendor, d.name, name)
			d.bounded(t, options{}, body(smallest), fmt.Sprintf("%s, %d", name, smallest))
		}
	}
}

func TestLargeListOfOrdinaryItemsIsDecoded(t *testing.T) {
	for _, d := range decoders {
		if d.ordinary == "" {
			continue
		}
		for _, size := range []int{100 << 10, 4 << 20} {
			_, err := d.run(t, options{}, 200, d.filled(d.ordinary, size))
			assert.NoError(t, err, "%s %s %d", d.vendor, d.name, size)
		}
	}
}
