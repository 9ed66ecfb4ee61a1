package inventory_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/inventory"
)

// stored serves pages of a list that were encoded before. Such a server costs almost no time.
type stored struct {
	pages [][]byte
}

// newStored returns a list of v2 with this number of pages of 100 items.
func newStored(pages int) *stored {
	s := &stored{}
	for p := range pages {
		items := make([]string, 100)
		for i := range items {
			n := p*100 + i
			items[i] = fmt.Sprintf(`{"api_version":"pim/v2","kind":"Integration","id":"cspi-%05d",`+
				`"display_name":"integration %d","provider":"gcp",`+
				`"config":{"kind":"GcpIntegrationConfig",`+
				`"customer_google_service_account":"a%d@customer.iam.gserviceaccount.com",`+
				`"google_service_account":"c@confluent.iam.gserviceaccount.com"},`+
				`"usages":["crn://confluent.cloud/kafka=lkc-%d"],"status":"ACTIVE","environment":{"id":"env-1",`+
				`"related":"https://api.confluent.cloud/v2/environments/env-1",`+
				`"resource_name":"crn://confluent.cloud/environment=env-1"}}`, n, n, n, n)
		}
		next := ""
		if p < pages-1 {
			next = fmt.Sprintf(`"next":"https://api.confluent.cloud/pim/v2/integrations?page_token=%d",`, p+1)
		}
		s.pages = append(s.pages,
			fmt.Appendf(nil, `{"api_version":"pim/v2","kind":"IntegrationList","metadata":{%s"total_size":%d},`+
				`"data":[%s]}`, next, pages*100, strings.Join(items, ",")))
	}
	return s
}

func (s *stored) page(query string) []byte {
	_, token, _ := strings.Cut(query, "page_token=")
	token, _, _ = strings.Cut(token, "&")
	n, _ := strconv.Atoi(token)
	return s.pages[n]
}

func (s *stored) RoundTrip(r *http.Request) (*http.Response, error) {
	body := s.page(r.URL.RawQuery)
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

func (s *stored) client(tb testing.TB) *confluent.Client {
	tb.Helper()
	client, err := confluent.New(confluent.WithHTTPClient(&http.Client{Transport: s}),
		confluent.WithAPIKey("key", "secret"))
	require.NoError(tb, err)
	return client
}

// rowsOf reads all rows of a query into one set of variables.
func rowsOf(ctx context.Context, db *sql.DB, query string) (n int, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(sql.RawBytes)
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// measured returns the time of f and the number of bytes that it allocates.
func measured(b *testing.B, f func() (int, error)) (time.Duration, float64) {
	b.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	n, err := f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	require.NoError(b, err)
	require.Equal(b, 10_000, n)
	return took, float64(after.TotalAlloc - before.TotalAlloc)
}

// BenchmarkSelect compares queries of 10,000 rows with List, in turns. The metrics are multiples of
// the time and the bytes of List.
func BenchmarkSelect(b *testing.B) {
	client := newStored(100).client(b)
	connector, err := inventory.New(inventory.Confluent("prod", client, inventory.Environments("env-1")))
	require.NoError(b, err)
	db := sql.OpenDB(connector)
	defer db.Close()
	list := func() (n int, err error) {
		for _, err := range client.Integrations.List(b.Context(), "env-1", nil) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	for name, query := range map[string]string{
		"four columns": "SELECT id, display_name, provider, status FROM confluent.integrations_v2",
		"all columns":  "SELECT * FROM confluent.integrations_v2",
		"count":        "SELECT id FROM confluent.integrations_v2 WHERE status = 'active'",
	} {
		b.Run(name, func(b *testing.B) {
			listTime, queryTime := time.Hour, time.Hour // the minimum, because the machine may be busy
			var listBytes, queryBytes float64
			for b.Loop() {
				took, bytes := measured(b, list)
				listTime, listBytes = min(listTime, took), listBytes+bytes
				took, bytes = measured(b, func() (int, error) { return rowsOf(b.Context(), db, query) })
				queryTime, queryBytes = min(queryTime, took), queryBytes+bytes
			}
			b.ReportMetric(float64(queryTime)/float64(listTime), "x-time")
			b.ReportMetric(queryBytes/listBytes, "x-bytes")
		})
	}
}
