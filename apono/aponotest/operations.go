package aponotest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

func badRequest(text string) *problem { return &problem{http.StatusBadRequest, text} }

func notFound(what string) *problem { return &problem{http.StatusNotFound, what + " not found"} }

// decode returns the request body, which must be a JSON object.
func decode(r *fakehttp.Request) (fakehttp.Object, *problem) {
	if r.MediaType() != "application/json" {
		return nil, &problem{http.StatusUnsupportedMediaType, "Content-Type must be application/json"}
	}
	body, ok := fakehttp.ParseObject(r.Payload)
	if !ok {
		return nil, badRequest("The body must be a JSON object")
	}
	return body, nil
}

// query returns the parameters of a list. Only the parameters in multi may be repeated.
func query(r *fakehttp.Request, single, multi []string) (url.Values, *problem) {
	sent, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest("The query can't be read")
	}
	known := url.Values{}
	for _, name := range slices.Concat(single, multi) {
		if !sent.Has(name) {
			continue
		}
		if len(sent[name]) > 1 && !slices.Contains(multi, name) {
			return nil, badRequest(name + " must be given once")
		}
		known[name] = sent[name]
	}
	return known, nil
}

// tokenList describes a list with page tokens.
type tokenList[T any] struct {
	single, multi []string // names of the filters
	items         []T
	sequence      func(T) int
	selected      func(T, url.Values) bool
	wire          func(T) json.RawMessage
}

func serveTokenList[T any](s *Server, r *fakehttp.Request, l tokenList[T]) (resp fakehttp.Response, p *problem) {
	sent, p := query(r, slices.Concat(l.single, []string{"limit", "page_token"}), l.multi)
	if p != nil {
		return resp, p
	}
	limit := 100
	if sent.Has("limit") {
		n, err := strconv.ParseInt(sent.Get("limit"), 10, 32)
		if err != nil || n < 1 {
			return resp, badRequest("limit must be a positive integer")
		}
		limit = int(n)
	}
	filters := map[string]string{"list": r.URL.Path}
	for _, name := range slices.Concat(l.single, l.multi) {
		if sent.Has(name) {
			values := slices.Sorted(slices.Values(sent[name]))
			filters[name] = url.Values{name: values}.Encode() // not "", even if the value is ""
		}
	}
	walk, err := s.pages.Resume(sent.Get("page_token"), fakehttp.Walk{Filters: filters, Size: limit})
	if err != nil {
		return resp, badRequest(err.Error())
	}

	chosen := url.Values{}
	for name, value := range walk.Filters {
		if parsed, _ := url.ParseQuery(value); parsed.Has(name) {
			chosen[name] = parsed[name]
		}
	}
	found := slices.DeleteFunc(slices.Clone(l.items), func(item T) bool { return !l.selected(item, chosen) })
	page, next, more := fakehttp.Page(found, l.sequence, walk)
	more = more || s.style.TrailingPage && (len(page) > 0 || walk.After == 0)
	if more && len(page) == 0 {
		next.After = -1 // no longer the first page
	}
	items := make([]any, 0, len(page))
	for _, item := range page {
		items = append(items, l.wire(item))
	}
	envelope := s.object(fakehttp.Object{"items": s.items(items)})
	s.style.paginate(envelope, more, func() string { return s.pages.Issue(next) })
	return fakehttp.JSON(http.StatusOK, envelope), nil
}

// paginate adds the pagination of a token list.
func (st *Style) paginate(envelope fakehttp.Object, more bool, token func() string) {
	page := map[string]any{"next_page_token": nil}
	switch {
	case more:
		page["next_page_token"] = token()
	case st.NoPagination:
		return
	case st.NullPagination:
		page = nil
	case st.EmptyPagination:
		clear(page)
	case st.EmptyToken:
		page["next_page_token"] = ""
	}
	envelope["pagination"] = fakehttp.Raw(page)
}

// wholeList returns a list of v2 or v3.
func (s *Server) wholeList(all []any) fakehttp.Response {
	sent := all
	if n := s.style.Truncate; n > 0 && n < len(all) {
		sent = all[:n]
	}
	return fakehttp.JSON(http.StatusOK, s.object(fakehttp.Object{
		"data":       s.items(sent),
		"pagination": fakehttp.Raw(map[string]int{"total": len(all), "limit": len(sent), "offset": 0}),
	}))
}

func (s *Server) items(all []any) json.RawMessage {
	if len(all) == 0 && s.style.NullItems {
		return fakehttp.Raw(nil)
	}
	return fakehttp.Raw(append([]any{}, all...))
}

// object adds members that the style adds to every object.
func (s *Server) object(o fakehttp.Object) fakehttp.Object {
	if s.style.UnknownMembers {
		o["x_newer"] = json.RawMessage(`{"n":1.10}`)
	}
	return o
}

func (s *Server) message(text string) fakehttp.Response {
	if s.style.EmptyMessages {
		return fakehttp.Response{Status: http.StatusOK}
	}
	return fakehttp.JSON(http.StatusOK, s.object(fakehttp.Object{"message": fakehttp.Raw(text)}))
}

func (s *Server) deleted() fakehttp.Response {
	if s.style.DeleteOK {
		return fakehttp.JSON(http.StatusOK, struct{}{})
	}
	return fakehttp.Response{Status: http.StatusNoContent}
}

// wildcard matches the patterns *x*, x* and *x. A pattern without a star must match the whole
// value. Letter case is ignored.
func wildcard(pattern, value string) bool {
	pattern, value = strings.ToLower(pattern), strings.ToLower(value)
	rest, anyStart := strings.CutPrefix(pattern, "*")
	rest, anyEnd := strings.CutSuffix(rest, "*")
	switch {
	case anyStart && anyEnd:
		return strings.Contains(value, rest)
	case anyStart:
		return strings.HasSuffix(value, rest)
	case anyEnd:
		return strings.HasPrefix(value, rest)
	}
	return value == pattern
}

// anyOf reports whether a filter is absent, or one of its values fits.
func anyOf(filters url.Values, name string, fits func(string) bool) bool {
	return !filters.Has(name) || slices.ContainsFunc(filters[name], fits)
}

func (s *Server) listV4(r *fakehttp.Request) (fakehttp.Response, *problem) {
	return serveTokenList(s, r, tokenList[*record]{
		single: []string{"name"}, multi: []string{"category", "connector_id", "status", "type"},
		items: s.integrations, sequence: func(rec *record) int { return rec.seq },
		selected: func(rec *record, f url.Values) bool {
			connector := fakehttp.StringValue(rec.connector)
			return anyOf(f, "category", func(v string) bool { return v == rec.category }) &&
				anyOf(f, "connector_id", func(v string) bool {
					return !fakehttp.IsNull(rec.connector) && strings.EqualFold(v, connector)
				}) &&
				anyOf(f, "name", func(v string) bool { return wildcard(v, rec.name) }) &&
				anyOf(f, "status", func(v string) bool { return v == s.statusV4(rec.status) }) &&
				anyOf(f, "type", func(v string) bool { return wildcard(v, rec.kind) })
		},
		wire: s.showV4,
	})
}

func (s *Server) listV2(*fakehttp.Request) (resp fakehttp.Response, p *problem) {
	var all []any
	for i, rec := range s.integrations {
		if s.style.Truncate > 0 && i >= s.style.Truncate {
			all = append(all, nil) // counted, but not shown
			continue
		}
		all = append(all, s.showV2(rec))
	}
	return s.wholeList(all), nil
}

// target returns the integration that a request acts on.
func (s *Server) target(r *fakehttp.Request) (*record, *problem) {
	rec := s.byID[r.PathValue("id")]
	if rec == nil {
		return nil, notFound("Integration")
	}
	return rec, nil
}

func (s *Server) getV4(r *fakehttp.Request) (fakehttp.Response, *problem) { return s.get(r, s.showV4) }
func (s *Server) getV2(r *fakehttp.Request) (fakehttp.Response, *problem) { return s.get(r, s.showV2) }

func (s *Server) get(r *fakehttp.Request, show func(*record) json.RawMessage) (resp fakehttp.Response, p *problem) {
	rec, p := s.target(r)
	if p != nil {
		return resp, p
	}
	return fakehttp.JSON(http.StatusOK, show(rec)), nil
}

func (s *Server) createV4(r *fakehttp.Request) (fakehttp.Response, *problem) { return s.create(r, v4) }
func (s *Server) createV2(r *fakehttp.Request) (fakehttp.Response, *problem) { return s.create(r, v2) }
func (s *Server) updateV4(r *fakehttp.Request) (fakehttp.Response, *problem) { return s.update(r, v4) }
func (s *Server) updateV2(r *fakehttp.Request) (fakehttp.Response, *problem) { return s.update(r, v2) }

func (s *Server) create(r *fakehttp.Request, v version) (resp fakehttp.Response, p *problem) {
	body, p := decode(r)
	if p != nil {
		return resp, p
	}
	kind := body.Text("type")
	if kind == "" {
		return resp, badRequest("type is required")
	}
	known := s.entry(kind)
	if known == nil {
		return resp, badRequest(unsupportedType)
	}
	rec := &record{kind: kind, category: known.category}
	if p := s.write(rec, body, v); p != nil {
		return resp, p
	}
	s.add(rec)
	s.beginSync(rec, initializing)
	return fakehttp.JSON(http.StatusOK, s.wire(rec, v)), nil
}

func (s *Server) update(r *fakehttp.Request, v version) (resp fakehttp.Response, p *problem) {
	body, p := decode(r)
	if p != nil {
		return resp, p
	}
	rec, p := s.target(r)
	if p != nil {
		return resp, p
	}
	if p := s.write(rec, body, v); p != nil {
		return resp, p
	}
	rec.rawV4, rec.rawV2 = nil, nil
	return fakehttp.JSON(http.StatusOK, s.wire(rec, v)), nil
}

func (s *Server) deleteV4(r *fakehttp.Request) (resp fakehttp.Response, p *problem) {
	if p := s.remove(r); p != nil {
		return resp, p
	}
	return s.deleted(), nil
}

func (s *Server) deleteV2(r *fakehttp.Request) (resp fakehttp.Response, p *problem) {
	if p := s.remove(r); p != nil {
		return resp, p
	}
	return s.message("Integration deleted"), nil
}

func (s *Server) remove(r *fakehttp.Request) *problem {
	rec, p := s.target(r)
	if p != nil {
		return p
	}
	delete(s.byID, rec.id)
	s.integrations = slices.DeleteFunc(s.integrations, func(other *record) bool { return other == rec })
	for id, res := range s.resources {
		if res.owner == rec {
			delete(s.resources, id)
		}
	}
	return nil
}

func (s *Server) refresh(r *fakehttp.Request) (resp fakehttp.Response, p *problem) {
	rec, p := s.target(r)
	if p != nil {
		return resp, p
	}
	s.beginSync(rec, refreshing)
	return s.message("Integration refresh started"), nil
}
