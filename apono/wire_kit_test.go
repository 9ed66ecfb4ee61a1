package apono_test

import (
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
)

// answer is a response. The default of its type is JSON.
type answer struct {
	status int
	body   string
	kind   []string // Content-Type; an empty list that is not nil means none
}

func good(body string) answer { return answer{status: http.StatusOK, body: body} }

// wire stores the requests of a client.
type wire struct {
	mu   sync.Mutex
	sent []sent
	echo func(request string) string // the body of a 400 that replaces the answers
}

type sent struct {
	*http.Request
	hasBody bool
	body    string
}

// newWire returns a client in memory. It gets the answers in order, and the last one for all
// further requests. Without answers it gets a successful response to each operation.
func newWire(t *testing.T, answers []answer, opts ...apono.Option) (*wire, *apono.Client) {
	t.Helper()
	w := &wire{}
	serve := transport(func(r *http.Request) (*http.Response, error) {
		s := sent{Request: r, hasBody: r.Body != nil && r.Body != http.NoBody}
		if s.hasBody {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			s.body = string(b)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sent = append(w.sent, s)
		a := fitting(r)
		if len(answers) > 0 {
			a = answers[min(len(w.sent), len(answers))-1]
		}
		if w.echo != nil {
			a = answer{status: http.StatusBadRequest, body: w.echo(s.body)}
		}
		rec := httptest.NewRecorder()
		rec.Header()["Content-Type"] = []string{"application/json"}
		if a.kind != nil {
			rec.Header()["Content-Type"] = a.kind
		}
		rec.WriteHeader(a.status)
		_, _ = rec.WriteString(a.body)
		return rec.Result(), nil
	})
	c, err := apono.New(append([]apono.Option{
		apono.WithToken("tap-token-of-nobody"), apono.WithHTTPClient(&http.Client{Transport: serve}),
		apono.WithRetry(sdk.RetryPolicy{MaxAttempts: 1}),
	}, opts...)...)
	require.NoError(t, err)
	return w, c
}

// Responses with the required members of each model.
const (
	minimal = `{"id":"i-1","name":"n","type":"mysql","category":"RESOURCES","status":"ACTIVE",` +
		`"integration_config":{}}`
	minimalV2 = `{"id":"i-1","name":"n","type":"mysql","status":"Active","metadata":{},` +
		`"connected_resource_types":[]}`
	minimalEntry = `{"name":"n","type":"mysql","description":"","params":[],"requires_secret":false,` +
		`"supported_secret_types":[]}`
	minimalResource   = `{"id":"r","name":"n","type":"db","status":{"status":"ACTIVE"}}`
	minimalPermission = `{"id":"p","name":"n","resource_type":"db"}`
	minimalConnector  = `{"id":"c-1","name":"n","status":"CONNECTED","version":"1","is_latest_version":true,` +
		`"cloud_provider_type":"AWS","sessions":[]}`
)

// fitting returns a successful response to any operation. wireCalls also run with WithStrict, so it
// has the required members.
func fitting(r *http.Request) answer {
	path := r.URL.Path
	switch {
	case r.Method == http.MethodDelete && !strings.HasPrefix(path, "/api/v2/"):
		return answer{status: http.StatusNoContent}
	case r.Method == http.MethodDelete, strings.HasSuffix(path, "/refresh"), r.Method == http.MethodPut &&
		strings.HasSuffix(path, "/user-tags"):
		return good(`{"message":"ok"}`)
	case strings.HasSuffix(path, "/user-tags"):
		return good(`{"resource_id":"r","tags":{"a":"b"}}`)
	case path == "/api/v2/connectors":
		return good(`[{"connector_id":"c","status":"CONNECTED"}]`)
	case strings.HasSuffix(path, "/resources"):
		return goodData(minimalResource)
	case strings.HasSuffix(path, "/permissions"):
		return goodData(minimalPermission)
	}
	for _, of := range []struct {
		path, item string
		list       func(string) answer
	}{
		{"/api/admin/v4/integrations", minimal, goodItems}, {"/api/admin/v3/connectors", minimalConnector, goodItems},
		{"/api/v2/integrations-catalog", minimalEntry, goodData}, {"/api/v2/integrations", minimalV2, goodData},
	} {
		switch {
		case path == of.path && r.Method == http.MethodGet:
			return of.list(of.item)
		case strings.HasPrefix(path, of.path):
			return good(of.item)
		}
	}
	return answer{status: http.StatusNotFound, body: "add one to fitting in wire_kit_test.go"}
}

// goodData returns a list of v2 and v3 with one item, and goodItems one with page tokens.
func goodData(item string) answer {
	return good(`{"data":[` + item + `],"pagination":{"total":1,"limit":1,"offset":0}}`)
}

func goodItems(item string) answer { return good(`{"items":[` + item + `],"pagination":{}}`) }

// drain reads a list to its end.
func drain[T any](list iter.Seq2[*T, error]) (items []*T, err error) {
	for item, e := range list {
		if e != nil {
			err = e
			continue // detects a second item or error after it
		}
		items = append(items, item)
	}
	return items, err
}

func failing[T any](_ T, err error) error { return err }
