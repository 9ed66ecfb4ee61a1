package fakehttp

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	type item struct {
		seq  int
		name string
	}
	seq := func(i item) int { return i.seq }
	items := []item{{1, "a"}, {2, "b"}, {4, "d"}, {5, "e"}, {9, "i"}}
	var tokens PageTokens
	first := Walk{Filters: map[string]string{"env": "1", "name": ""}, Size: 2}

	walk, err := tokens.Resume("", first)
	if err != nil {
		t.Fatal(err)
	}
	page, next, more := Page(items, seq, walk)
	if want := items[:2]; !reflect.DeepEqual(page, want) || !more {
		t.Fatalf("%v %v", page, more)
	}
	token := tokens.Issue(next)
	if len(token) == 0 || len(token) > 255 || strings.Contains(token, "2") && strings.Contains(token, "env") {
		t.Errorf("token %q", token)
	}
	if again := tokens.Issue(next); again == token {
		t.Error("two tokens are equal")
	}

	// The page size of the first request remains. Deleting items that were already sent does not
	// move the others.
	walk, err = tokens.Resume(token, Walk{Filters: map[string]string{"env": "1"}, Size: 50})
	if err != nil {
		t.Fatal(err)
	}
	page, next, more = Page(items[1:], seq, walk)
	if !reflect.DeepEqual(page, items[2:4]) || !more {
		t.Errorf("%v %v", page, more)
	}
	page, _, more = Page(items, seq, next)
	if !reflect.DeepEqual(page, items[4:]) || more {
		t.Errorf("%v %v", page, more)
	}
	if walk, err = tokens.Resume(token, Walk{}); err != nil || walk.Filters["env"] != "1" {
		t.Errorf("token alone: %v, %v", walk, err)
	}

	for _, tt := range []struct {
		token string
		asked Walk
		want  error
	}{
		{token + "x", first, ErrUnknownToken},
		{"MDAx", first, ErrUnknownToken},
		{token, Walk{Filters: map[string]string{"env": "2"}}, ErrOtherFilters},
		{token, Walk{Filters: map[string]string{"env": "1", "name": "b"}}, ErrOtherFilters},
	} {
		if _, err := tokens.Resume(tt.token, tt.asked); !errors.Is(err, tt.want) {
			t.Errorf("%q %v: %v, want %v", tt.token, tt.asked, err, tt.want)
		}
	}
	if page, _, more := Page(items, seq, Walk{Size: 5}); len(page) != 5 || more {
		t.Errorf("a full last page: %v %v", page, more)
	}
}
