package confluent

import (
	"iter"
	"strings"

	"github.com/integrations-go/sdk"
)

// unfilteredMark precedes the page token of a list that the server does not filter by provider.
const unfilteredMark = "unfiltered:"

// ofProvider walks the pages of a list with only the items of one provider. walk sends the filter
// to the server with the caller's spelling. If the server finds nothing, the list is walked without
// the filter, because the filter may depend on letter case.
func ofProvider[T any](
	want Provider, pageToken string, providerOf func(*T) Provider,
	walk func(filter Provider, pageToken string) iter.Seq2[*sdk.Page[T], error],
) iter.Seq2[*sdk.Page[T], error] {
	if want == "" {
		return walk("", pageToken)
	}
	return func(yield func(*sdk.Page[T], error) bool) {
		pageToken, unfiltered := strings.CutPrefix(pageToken, unfilteredMark)
		if !unfiltered {
			found := pageToken != "" // true if earlier pages had items
			for page, err := range walk(want, pageToken) {
				if err == nil {
					keep(page, func(item *T) bool { p := providerOf(item); return p == "" || sameProvider(p, want) })
				}
				found = found || err != nil || len(page.Items) > 0
				if !found && page.NextToken == "" {
					break
				}
				if !yield(page, err) {
					return
				}
			}
			if found {
				return
			}
		}
		for page, err := range walk("", pageToken) {
			if err == nil {
				keep(page, func(item *T) bool { return sameProvider(providerOf(item), want) })
				page.Total = 0 // the server's total counts all providers
				if page.NextToken != "" {
					page.NextToken = unfilteredMark + page.NextToken
				}
			}
			if !yield(page, err) {
				return
			}
		}
	}
}

// keep removes the items of a page that are not wanted.
func keep[T any](page *sdk.Page[T], wanted func(*T) bool) {
	selected := page.Items[:0]
	for i := range page.Items {
		if wanted(&page.Items[i]) {
			selected = append(selected, page.Items[i])
		}
	}
	clear(page.Items[len(selected):])
	page.Items = selected
}
