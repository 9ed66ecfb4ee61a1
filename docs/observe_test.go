package docs_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// busy makes the next list fail once with 503.
var busy = confluenttest.Fault{
	Operation: "listPimV2Integrations",
	Status:    http.StatusServiceUnavailable,
	Header:    http.Header{"Retry-After": {"0"}},
}

// withoutTimes leaves out what differs from run to run.
func withoutTimes(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Value.Kind() == slog.KindDuration {
		return slog.Attr{}
	}
	return a
}

// requireFile compares a text with a file in testdata, which a page shows.
func requireFile(t *testing.T, name, text string) {
	t.Helper()
	want, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), text)
}

func TestLogger(t *testing.T) {
	srv, credentials := startFake()
	defer srv.Close()
	var text bytes.Buffer
	output := io.Writer(&text) // or os.Stderr
	handlerOptions := &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTimes}

	//doc:begin logger
	logger := slog.New(slog.NewTextHandler(output, handlerOptions))
	c, err := confluent.New(credentials, confluent.WithLogger(logger))
	//doc:end
	require.NoError(t, err)
	addIntegrations(srv, 1)
	srv.Inject(busy)
	_, err = sdk.Collect(c.Integrations.List(ctx, "env-abc123", nil))
	require.NoError(t, err)
	requireFile(t, "logger.txt", text.String())
}

func TestDebug(t *testing.T) {
	srv, credentials := startFake()
	defer srv.Close()

	//doc:begin debug
	var text bytes.Buffer // or os.Stderr
	c, err := confluent.New(credentials, confluent.WithDebug(&text))
	//doc:end
	require.NoError(t, err)
	_, err = c.Integrations.Get(ctx, "env-abc123", "cspi-gone")
	require.ErrorIs(t, err, confluent.ErrNotFound)
	requireFile(t, "debug.txt", sameEachTime(text.String()))
}

// sameEachTime replaces what differs from run to run.
func sameEachTime(text string) string {
	for _, r := range []struct{ pattern, value string }{
		{`127\.0\.0\.1:\d+`, "127.0.0.1:45131"},
		{`after \S+`, "after 1ms"},
		{`Date: .*`, "Date: Mon, 30 Nov 2026 11:16:15 GMT"},
		{`sdk/\S+ \(.*\)`, "sdk/0.1.0 (go1.26.8; linux/amd64)"},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.value)
	}
	return strings.TrimRight(text, "\n") + "\n"
}

func Example_openTelemetry() {
	srv, credentials := startFake()
	defer srv.Close()
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))

	//doc:begin otel
	tracing := func(next http.RoundTripper) http.RoundTripper {
		return otelhttp.NewTransport(next, otelhttp.WithTracerProvider(provider))
	}
	c, err := confluent.New(credentials, confluent.WithMiddleware(tracing))
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	addIntegrations(srv, 1)
	srv.Inject(busy)

	//doc:begin otel-call
	spanContext, call := provider.Tracer("inventory").Start(ctx, "list integrations")
	_, err = sdk.Collect(c.Integrations.List(spanContext, "env-abc123", nil))
	call.End()
	if err != nil {
		log.Fatal(err)
	}
	for _, span := range spans.Ended() {
		status := ""
		for _, attribute := range span.Attributes() {
			if attribute.Key == "http.response.status_code" {
				status = attribute.Value.String()
			}
		}
		fmt.Println(span.Name(), status)
	}
	//doc:end

	// Output:
	// HTTP GET 503
	// HTTP GET 200
	// list integrations
}
