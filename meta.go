package sdk

import (
	"log/slog"
	"net/http"

	"github.com/integrations-go/sdk/ratelimit"
)

// Meta is response metadata: status, request ID, attempts, rate limit.
type Meta struct {
	// StatusCode is the HTTP status of the last response, 0 if there was none.
	StatusCode int
	// RequestID is the X-Request-Id of the response, "" if it has none. A vendor's
	// support asks for it.
	RequestID string
	// Attempts is the number of attempts to send the request, including those that
	// net/http repeated. It is 0 if there was no attempt.
	Attempts int
	// RateLimit is the rate limit window that the headers of the last response state. Its
	// flags report which numbers are known. Only Confluent sends such headers.
	RateLimit ratelimit.Window
	// Header is the header of the last response, nil if there was none.
	Header http.Header
}

// Page is one page of a list.
type Page[T any] struct {
	// Items are the items in the server's order. A page can be empty and still be
	// followed by others.
	Items []T
	// NextToken is the token of the next page, "" after the last page. To resume the
	// list, set it as PageToken of the list options.
	NextToken string
	// Total is the number of items on all pages, 0 if the server does not report it.
	Total int
	// Offset is the number of items before this page, 0 if the server does not report it.
	Offset int
	// Limit is the maximum number of items of the page, 0 if the server does not report
	// it.
	Limit int
	// Meta is the metadata of the response that contained the page.
	Meta Meta
}

// LogValue returns the number of items. It shows none of their contents.
func (p Page[T]) LogValue() slog.Value { return slog.GroupValue(slog.Int("items", len(p.Items))) }
