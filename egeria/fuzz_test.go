package egeria_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
)

// failureIn reports whether a body surely describes a failure: it has an exception, or a code other
// than that of success. Members that package json can't distinguish are ignored.
func failureIn(body []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return false
	}
	member := func(name string) (raw json.RawMessage) {
		n := 0
		for key, value := range members {
			if strings.EqualFold(key, name) {
				n++
				raw = value
			}
		}
		if n != 1 {
			return nil
		}
		return raw
	}
	var exception string
	if json.Unmarshal(member("exceptionClassName"), &exception) == nil && exception != "" {
		return true
	}
	code, err := strconv.Atoi(string(member("relatedHTTPCode")))
	return err == nil && code >= 300
}

func FuzzEnvelope(f *testing.F) {
	for _, body := range []string{
		``, `null`, `{}`, `[]`, `"text"`, `7`, `<html>login</html>`, `{"class":"VoidResponse","relatedHTTPCode":200}`,
		`{"relatedHTTPCode":200,"groups":[null,{"x":1.0}],"flag":true}`,
		`{"relatedHTTPCode":200,"exceptionClassName":"a.b.E"}`,
		`{"relatedHTTPCode":404,"exceptionClassName":"a.b.InvalidParameterException",` +
			`"exceptionErrorMessage":"OMAG-MULTI-TENANT-404-001 The\nserver"}`,
		`{"relatedHTTPCode":"500"}`, `{"relatedHTTPCode":5e2}`, `{"relatedHTTPCode":-5}`,
		`{"relatedHTTPCode":99999999999999999999}`,
		`{"relatedHTTPCode":{},"exceptionClassName":[]}`, `{"RELATEDHTTPCODE":500}`,
		`{"relatedHTTPCode":400,"exceptionErrorMessageParameters":["a",null,7],"exceptionProperties":{"a":{"b":1}},` +
			`"exceptionSubclassName":7,"requestId":"\u2028\n"}`,
		`{"timestamp":"2026","status":500,"error":"Internal Server Error","message":"a\r\nb","path":"/x"}`,
		`{"relatedHTTPCode":200,"exceptionClassName":null}`,
		"{\"relatedHTTPCode\":500,\"exceptionErrorMessage\":\"\xff\"}",
		`{"relatedHTTPCode":200,"serverName":"d","active":true}`,
		`{"relatedHTTPCode":200,"integrationDaemonStatus":{"integrationGroupSummaries":[null,` +
			`{"integrationConnectorReports":[{"connection":7}]}]}}`, "\x1f\x8b\x08",
	} {
		f.Add(body, 200)
	}
	f.Add(`{"relatedHTTPCode":200}`, 500)
	f.Add(``, 401)
	f.Add(`0`, 404)
	f.Fuzz(func(t *testing.T, body string, status int) {
		if status < 200 || status > 599 {
			status = 200
		}
		c, err := egeria.New("https://h", egeria.WithToken("a-token-of-nobody"), egeria.WithDialect(egeria.Dialect6),
			egeria.WithRetry(sdk.RetryPolicy{MaxAttempts: 1}), egeria.WithLimiter(nil),
			egeria.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				return &http.Response{
					StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
					ContentLength: int64(len(body)),
					Body:          io.NopCloser(strings.NewReader(body)), Request: r,
				}, nil
			})}))
		require.NoError(t, err)
		for name, method := range methods(c, "d") {
			if name == "Platform.Origin" || strings.HasSuffix(name, "WaitGroup") {
				continue // a text, and methods that wait
			}
			err := invoke(context.Background(), method, slices.Repeat([]string{"good"}, len(roles[name]))...)
			if status >= 300 || failureIn([]byte(body)) {
				require.Error(t, err, "%s took a failure for a success", name)
			}
			if err == nil {
				var members map[string]json.RawMessage
				require.NoError(t, json.Unmarshal([]byte(body), &members), "%s took what is no object for a success",
					name)
				require.NotEmpty(t, members, name)
				continue
			}
			require.ErrorAs(t, err, new(*egeria.Error), "%s: %T", name, err)
			require.False(t, strings.ContainsAny(err.Error(), "\n\r\v\f\u0085\u2028\u2029"), "%s: %q", name, err)
			require.LessOrEqual(t, len(err.Error()), 20_000, name)
			require.NotContains(t, err.Error(), "a-token-of-nobody")
		}
	})
}
