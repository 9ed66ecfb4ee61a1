package apono_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

// tokenPage returns a page with one item per ID, and pagination as JSON, "" for none.
func tokenPage(pagination string, ids ...string) string {
	items := make([]string, len(ids))
	for i, id := range ids {
		items[i] = fmt.Sprintf(`{"id":%q}`, id)
	}
	page := `{"items":[` + strings.Join(items, ",") + `]`
	if pagination != "" {
		page += `,"pagination":` + pagination
	}
	return page + "}"
}

func idsOf(items []*apono.Integration) []string {
	ids := []string{}
	for _, item := range items {
		ids = append(ids, item.ID)
	}
	return ids
}

// errorOf returns the *Error in err. A failure names the call.
func errorOf(t *testing.T, err error, call ...string) *apono.Error {
	t.Helper()
	e, ok := errors.AsType[*apono.Error](err)
	require.Truef(t, ok, "no *Error: %v %s", err, strings.Join(call, " "))
	return e
}

func TestTokenListsEndWhereThereIsNoToken(t *testing.T) {
	t.Parallel()
	for name, pagination := range map[string]string{
		"pagination is missing": "", "pagination is null": "null", "pagination is empty": "{}",
		"token is null":  `{"next_page_token":null}`,
		"token is empty": `{"next_page_token":""}`, "other members": `{"total":9,"limit":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c := newWire(t, []answer{good(tokenPage(pagination, "a", "b"))})
			for page, err := range c.Integrations.Pages(t.Context(), nil) {
				require.NoError(t, err)
				assert.Len(t, page.Items, 2)
				assert.Empty(t, page.NextToken)
				assert.Equal(t, size{}, sizeOf(page), "token lists report no size")
			}
			connectors, err := drain(c.Connectors.List(t.Context(), nil))
			require.NoError(t, err)
			assert.Len(t, connectors, 2)
			assert.Len(t, w.sent, 2)
		})
	}
}

// The member is not documented for these lists. A part of a list proves nothing about the rest.
func TestListThatHasMoreButNoTokenIsAnError(t *testing.T) {
	t.Parallel()
	for pagination, isEnd := range map[string]bool{
		`{"has_more":true}`: false, `{"next_page_token":null,"has_more":true}`: false,
		`{"next_page_token":"","has_more": true }`: false,
		`{"has_more":false}`:                       true, `{"has_more":null}`: true, `{"has_more":"maybe"}`: true,
		`{"has_more":{"pages":2}}`: true,
	} {
		_, c := newWire(t, []answer{good(tokenPage(pagination, "a"))})
		_, err := drain(c.Integrations.List(t.Context(), nil))
		_, connectorsErr := drain(c.Connectors.List(t.Context(), nil))
		if isEnd {
			require.NoError(t, err, pagination)
			require.NoError(t, connectorsErr, pagination)
			continue
		}
		require.ErrorContains(t, err, "it says that there are more items, and has no next_page_token", pagination)
		errorOf(t, connectorsErr)
		_, err = c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "new", Type: "ssh"})
		require.ErrorContains(t, err, "more items", pagination) // nothing is created
	}
	w, c := newWire(t, []answer{
		good(tokenPage(`{"next_page_token":"t2","has_more":true}`, "a")), good(tokenPage(`{"has_more":false}`, "b"))})
	items, err := drain(c.Integrations.List(t.Context(), nil))
	require.NoError(t, err)
	assert.Len(t, items, 2)
	assert.Len(t, w.sent, 2)
}

func TestTokenIsSentAloneAndAnEmptyPageIsNoEnd(t *testing.T) {
	t.Parallel()
	w, c := newWire(t, []answer{
		good(tokenPage(`{"next_page_token":"t+/=&2"}`, "a")), good(tokenPage(`{"next_page_token":"t3"}`)),
		good(`{"items":null,"pagination":{"next_page_token":"t4"}}`), good(tokenPage(`{}`, "b")),
	})
	items, err := drain(c.Integrations.List(t.Context(), &apono.ListOptions{
		Name: "n*", Type: []string{"x"}, Category: []string{"RESOURCES"}, ConnectorID: []string{"c"},
		Status: []apono.Status{"ACTIVE"}, Limit: 5,
	}))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, idsOf(items))
	require.Len(t, w.sent, 4)
	assert.Len(t, w.sent[0].URL.Query(), 6)
	for i, token := range []string{"t+/=&2", "t3", "t4"} {
		assert.Equal(t, url.Values{"page_token": {token}}, w.sent[i+1].URL.Query())
	}
}

func TestRepeatedTokenIsAnError(t *testing.T) {
	t.Parallel()
	for _, prefetch := range [][]apono.CallOption{nil, {apono.WithPrefetch()}} {
		w, c := newWire(t, []answer{good(tokenPage(`{"next_page_token":"t2"}`, "a")),
			good(tokenPage(`{"next_page_token":"t2"}`, "b"))})
		items, err := drain(c.Integrations.List(t.Context(), nil, prefetch...))
		assert.Equal(t, []string{"a", "b"}, idsOf(items))
		assert.Contains(t, errorOf(t, err).Error(), `repeats the page token "t2"`)
		assert.Len(t, w.sent, 2)

		w, c = newWire(t, []answer{good(tokenPage(`{"next_page_token":"t1"}`))})
		_, err = drain(c.Connectors.List(t.Context(), &apono.ConnectorListOptions{PageToken: "t1"}, prefetch...))
		require.Error(t, err, "the token that the walk began with counts too")
		assert.Len(t, w.sent, 1)
	}
}

func TestListOptionsAreCopied(t *testing.T) {
	t.Parallel()
	w, c := newWire(t, nil)
	f := &apono.ListOptions{Name: "n", Type: []string{"a"}, Category: []string{"b"}, ConnectorID: []string{"c"},
		Status: []apono.Status{"d"}}
	list := c.Integrations.List(t.Context(), f)
	f.Name, f.Type[0], f.Category[0], f.ConnectorID[0], f.Status[0] = "x", "x", "x", "x", "x"
	require.NoError(t, failing(drain(list)))
	g := &apono.ConnectorListOptions{Status: []string{"e"}}
	connectors := c.Connectors.List(t.Context(), g)
	g.Status[0] = "x"
	require.NoError(t, failing(drain(connectors)))
	assert.Equal(t, url.Values{"name": {"n"}, "type": {"a"}, "category": {"b"}, "connector_id": {"c"}, "status": {"d"}},
		w.sent[0].URL.Query())
	assert.Equal(t, url.Values{"status": {"e"}}, w.sent[1].URL.Query())
}

func TestWalkResumesWhereItWasLeftWithItsFilters(t *testing.T) {
	t.Parallel()
	for _, style := range []aponotest.Style{{}, {TrailingPage: true}, {NoPagination: true}, {NullPagination: true},
		{EmptyPagination: true}, {EmptyToken: true}} {
		srv, c := fakeAndClient(t, aponotest.WithStyle(style))
		for i := range 7 {
			srv.Add(map[string]any{"id": fmt.Sprint(i), "type": []string{"mysql", "postgresql"}[i%2]})
		}
		f := &apono.ListOptions{Type: []string{apono.HasPrefix("MY")}, Limit: 1}
		for page, err := range c.Integrations.Pages(t.Context(), f) {
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
			assert.Equal(t, "0", page.Items[0].ID)
			assert.Equal(t, 200, page.Meta.StatusCode)
			assert.NotEmpty(t, page.Meta.RequestID)
			f.PageToken = page.NextToken
			break
		}
		require.NotEmpty(t, f.PageToken)
		items, err := drain(c.Integrations.List(t.Context(), f))
		require.NoError(t, err)
		assert.Equal(t, []string{"2", "4", "6"}, idsOf(items))
	}
}

func TestFiltersSelect(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t, aponotest.WithUserInformation())
	srv.Add(map[string]any{"id": "a", "name": "DB Prod", "type": "mysql", "connector_id": "connector-1"})
	srv.Add(map[string]any{"id": "b", "name": "prod db", "type": "postgresql", "status": "ERROR"})
	for name, tt := range map[string]struct {
		filter apono.ListOptions
		want   []string
	}{
		"contains":   {apono.ListOptions{Name: apono.Contains("prod")}, []string{"a", "b"}},
		"prefix":     {apono.ListOptions{Name: apono.HasPrefix("prod")}, []string{"b"}},
		"suffix":     {apono.ListOptions{Name: apono.HasSuffix("PROD")}, []string{"a"}},
		"whole":      {apono.ListOptions{Name: "db prod"}, []string{"a"}},
		"part alone": {apono.ListOptions{Name: "prod"}, []string{}},
		"two types":  {apono.ListOptions{Type: []string{"mysql", "postgre*"}}, []string{"a", "b"}},
		"comma":      {apono.ListOptions{Type: []string{"mysql,postgresql"}}, []string{}},
		"connector":  {apono.ListOptions{ConnectorID: []string{"CONNECTOR-1"}}, []string{"a"}},
		"status":     {apono.ListOptions{Status: []apono.Status{"ERROR"}}, []string{"b"}},
		"category":   {apono.ListOptions{Category: []string{"RESOURCES"}}, []string{"a", "b"}},
	} {
		items, err := drain(c.Integrations.List(t.Context(), &tt.filter))
		require.NoError(t, err, name)
		assert.Equal(t, tt.want, idsOf(items), name)
	}
}

func TestTruncatedListIsReportedAfterItsItems(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t, aponotest.WithStyle(aponotest.Style{Truncate: 2}))
	for i := range 3 {
		srv.Add(map[string]any{"id": fmt.Sprint(i)})
	}
	srv.SeedResources("0", aponotest.Resource{ID: "r1"}, aponotest.Resource{ID: "r2"}, aponotest.Resource{ID: "r3"})
	srv.SeedPermissions("0", aponotest.Permission{ID: "p1"}, aponotest.Permission{ID: "p2"},
		aponotest.Permission{ID: "p3"})
	x := t.Context()
	count := func(n int, err error) error {
		assert.Equal(t, 2, n)
		return err
	}
	v2, v2Err := drain(c.IntegrationsV2.List(x))
	catalog, catalogErr := drain(c.Catalog.List(x))
	resources, resourcesErr := drain(c.Resources.List(x, "0", ""))
	permissions, permissionsErr := drain(c.Resources.Permissions(x, "0", ""))
	for operation, err := range map[string]error{
		"IntegrationsV2.List": count(len(v2), v2Err), "Catalog.List": count(len(catalog), catalogErr),
		"Resources.List": count(len(resources), resourcesErr), "Resources.Permissions": count(len(permissions),
			permissionsErr),
	} {
		e := errorOf(t, err)
		assert.Equal(t, operation, e.Operation)
		truncated, ok := errors.AsType[*apono.TruncatedError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, 2, truncated.Limit)
		assert.Equal(t, 2, truncated.Items)
		assert.Greater(t, truncated.Total, 2)
		assert.Contains(t, err.Error(), fmt.Sprintf("2 of %d items", truncated.Total))
	}

	srv.ResetCalls()
	for range c.IntegrationsV2.List(x) {
		break // leaving the loop early yields no error
	}
	assert.Equal(t, 1, srv.CountCalls(""))
}

// size has the numbers that the server reports about a list.
type size struct{ Limit, Offset, Total int }

func sizeOf[T any](page *sdk.Page[T]) size { return size{page.Limit, page.Offset, page.Total} }

func TestSizeOfAWholeListReachesTheCaller(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pagination string
		size       size
		truncated  bool
	}{
		"complete": {`,"pagination":{"total":2,"limit":2,"offset":0}`, size{Limit: 2, Total: 2}, false},
		"behind an offset": {`,"pagination":{"total":9,"limit":2,"offset":7}`, size{Limit: 2, Offset: 7, Total: 9},
			true},
		"truncated":          {`,"pagination":{"total":3,"limit":2,"offset":0}`, size{Limit: 2, Total: 3}, true},
		"limit 0":            {`,"pagination":{"total":0,"limit":0,"offset":0}`, size{}, false},
		"total is too small": {`,"pagination":{"total":1,"limit":2,"offset":0}`, size{Limit: 2, Total: 1}, false},
		"missing":            {``, size{}, false},
		"null":               {`,"pagination":null`, size{}, false},
		"empty":              {`,"pagination":{}`, size{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := newWire(t, []answer{good(`{"data":[{"id":"a"},{"id":"b"}]` + tt.pagination + `}`)})
			list := c.Resources.Pages(t.Context(), "i", "")
			for range 2 { // each range has its own result
				pages, err := drain(list)
				require.Len(t, pages, 1)
				assert.Len(t, pages[0].Items, 2)
				assert.Equal(t, tt.size, sizeOf(pages[0]))
				assert.Empty(t, pages[0].NextToken)
				assert.Equal(t, 200, pages[0].Meta.StatusCode)
				assert.Equal(t, tt.truncated, errors.As(err, new(*apono.TruncatedError)), "%v", err)
				assert.Equal(t, tt.truncated, err != nil)
			}
		})
	}
}

func TestFindByNameTakesTheNameLiterally(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	srv.Add(map[string]any{"id": "1", "name": "DB Prod"})
	srv.Add(map[string]any{"id": "2", "name": "db prod"}) // the server's filter matches both
	srv.Add(map[string]any{"id": "3", "name": "twice"})
	srv.Add(map[string]any{"id": "4", "name": "twice"})
	got, err := c.Integrations.FindByName(t.Context(), "db prod")
	require.NoError(t, err)
	assert.Equal(t, "2", got.ID)
	_, err = c.Integrations.FindByName(t.Context(), "DB PROD")
	require.ErrorIs(t, err, apono.ErrNotFound)
	_, err = c.Integrations.FindByName(t.Context(), "twice")
	require.ErrorIs(t, err, apono.ErrConflict)
	ambiguous, ok := errors.AsType[*sdk.AmbiguousError](err)
	require.True(t, ok)
	assert.Equal(t, &sdk.AmbiguousError{Name: "twice", IDs: []string{"3", "4"}}, ambiguous)
	assert.Contains(t, errorOf(t, err).Error(), "3, 4")
}

// An item with members of the wrong type keeps its other members. A value that is not an item is an
// error, not an empty item.
func TestItemsThatAreNone(t *testing.T) {
	t.Parallel()
	for item, good := range map[string]bool{`{}`: true, `{"id":7,"name":"n","connector_id":"n"}`: true, `null`: false,
		`7`: false, `"text"`: false, `[]`: false} {
		body := `[{"id":"a","name":"m","connector_id":"m"},` + item + `]`
		_, c := newWire(t, []answer{{200, `{"items":` + body + `}`, nil}, {200, `{"data":` + body + `}`, nil},
			{200, body, nil}})
		names := []string{}
		for in, err := range c.Integrations.List(t.Context(), nil) {
			assert.Equal(t, good, err == nil, "%s: %v", item, err)
			if err == nil {
				names = append(names, in.Name)
			}
		}
		for in, err := range c.Resources.List(t.Context(), "i", "") {
			assert.Equal(t, good, err == nil, "%s: %v", item, err)
			if err == nil {
				names = append(names, in.Name)
			}
		}
		for in, err := range c.Connectors.ListV2(t.Context()) {
			assert.Equal(t, good, err == nil, "%s: %v", item, err)
			if err == nil {
				names = append(names, in.ConnectorID)
			}
		}
		switch {
		case !good:
			assert.Empty(t, names)
		case item == `{}`:
			assert.Equal(t, []string{"m", "", "m", "", "m", ""}, names)
		default:
			assert.Equal(t, []string{"m", "n", "m", "n", "m", "n"}, names)
		}
	}
	_, c := newWire(t, []answer{good(`[{"connector_id":"c","status":7}]`)}, apono.WithStrict())
	require.Error(t, failing(drain(c.Connectors.ListV2(t.Context()))))
}

func TestFiltersFindWhatIsThereInAnyLetterCase(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t, aponotest.WithConnectors("connector-1"))
	srv.AddConnector(map[string]any{"id": "connector-2", "status": "DISCONNECTED"})
	srv.AddConnector(map[string]any{"id": "connector-3", "status": "Asleep"})
	srv.Add(map[string]any{"id": "a", "status": "ACTIVE"})
	srv.Add(map[string]any{"id": "i", "status": "INITIALIZING", "type": "google-idp"})
	for want, filter := range map[string]apono.ListOptions{
		"[a]":   {Status: []apono.Status{"active"}},
		"[i]":   {Status: []apono.Status{"Initializing", "warning"}},
		"[a i]": {Status: []apono.Status{"iNITIALIZING", apono.StatusActive}},
		"[i] ":  {Category: []string{"User-Information"}},
		"[a] ":  {Category: []string{"resources"}},
		"[]":    {Category: []string{"Other"}},
	} {
		given := fmt.Sprint(filter)
		items, err := drain(c.Integrations.List(t.Context(), &filter))
		require.NoError(t, err)
		assert.Equal(t, strings.TrimSpace(want), fmt.Sprint(idsOf(items)), given)
		assert.Equal(t, given, fmt.Sprint(filter), "the caller's slices are unchanged")
	}
	for status, want := range map[string]string{
		"connected": "connector-1", "Disconnected": "connector-2", "Asleep": "connector-3", "ASLEEP": "",
	} {
		items, err := drain(c.Connectors.List(t.Context(), &apono.ConnectorListOptions{Status: []string{status}}))
		require.NoError(t, err)
		got := ""
		for _, item := range items {
			got += item.ID
		}
		assert.Equal(t, want, got, status)
	}
}
