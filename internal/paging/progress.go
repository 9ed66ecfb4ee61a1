package paging

import (
	"encoding/json"
	"hash/maphash"
)

// Limits for a walk that has no new items, whatever its tokens are.
const (
	// trustedPages is the number of pages whose items are not stored. Most walks therefore need no
	// memory for them.
	trustedPages = 10
	// maxRepeated is the maximum number of non-empty pages in succession without a new item. A few
	// are possible: objects that are created during the walk may move others to the next page.
	maxRepeated = 10
	// rememberedPart is the part of the items that are remembered: one in 8, chosen by hash. The
	// first and the last item of each page are also remembered. A repetition of a page adds none.
	rememberedPart = 8
	// maxEmpty is the maximum number of empty pages in succession. A server may apply its filter
	// after it has cut the page.
	maxEmpty = 1000
)

// progress detects a walk without new items.
type progress[T any] struct {
	id       func(*T) string
	pages    int
	seen     map[uint64]struct{} // hashes of the keys of remembered items after the trusted pages
	seed     maphash.Seed
	repeated int // number of pages in succession without a new item
	empty    int // number of empty pages in succession
}

// stalled reports whether too many pages in succession, including a page with these items, had no
// new item.
func (p *progress[T]) stalled(items []T) bool {
	p.pages++
	if len(items) == 0 {
		p.empty++
		return p.empty >= maxEmpty
	}
	p.empty = 0
	if p.pages <= trustedPages {
		return false
	}
	if p.seen == nil {
		p.seen, p.seed = map[uint64]struct{}{}, maphash.MakeSeed()
	}
	before := len(p.seen)
	for i := range items {
		hash := maphash.String(p.seed, p.key(&items[i]))
		if i == 0 || i == len(items)-1 || hash%rememberedPart == 0 {
			p.seen[hash] = struct{}{}
		}
	}
	if len(p.seen) > before {
		p.repeated = 0
		return false
	}
	p.repeated++
	return p.repeated >= maxRepeated
}

// key returns a key for an item: its ID, or the whole item if it has no readable ID.
func (p *progress[T]) key(item *T) string {
	if id := p.id(item); id != "" {
		return id
	}
	b, err := json.Marshal(item)
	if err != nil {
		return ""
	}
	return string(b)
}
