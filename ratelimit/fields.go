package ratelimit

import (
	"net/http"
	"strings"
	"time"
)

// structured reads the window from the header Structured. It returns the policy with the fewest
// requests left, and among equals the one that ends last.
func (h Headers) structured(header http.Header) (w Window, ok bool) {
	if h.Structured == "" {
		return Window{}, false
	}
	for _, line := range lookup(header, h.Structured) {
		for line != "" {
			var item string
			item, line = member(line, ',')
			got, found := h.item(item, header)
			if found && (!ok || got.Remaining < w.Remaining ||
				got.Remaining == w.Remaining && got.Reset > w.Reset) {
				w, ok = got, true
			}
		}
	}
	return w, ok
}

// item reads one policy, as in "default";r=50;t=30. If t is missing, the length of the policy's
// window is the time to its end, because the window can't last longer.
func (h Headers) item(item string, header http.Header) (w Window, ok bool) {
	name, params := member(item, ';')
	if w.Remaining, w.HasRemaining = count(param(params, "r")); !w.HasRemaining {
		return Window{}, false
	}
	policy := h.policy(name, header)
	w.Limit, w.HasLimit = count(param(policy, "q"))
	w.HasLimit = w.HasLimit && w.Limit > 0
	value := param(params, "t")
	if value == "" {
		value = param(policy, "w")
	}
	if f, numeric := number(value); numeric {
		w.Reset, w.HasReset = seconds(f)
	}
	if w.HasReset && !h.RoundedUp && w.Reset%time.Second == 0 {
		w.Slack = time.Second
	}
	return w, true
}

// policy returns the parameters of the policy with the given name, "" if it is missing.
func (h Headers) policy(name string, header http.Header) string {
	if h.Policy == "" {
		return ""
	}
	for _, line := range lookup(header, h.Policy) {
		for line != "" {
			var item string
			item, line = member(line, ',')
			if got, params := member(item, ';'); got == name {
				return params
			}
		}
	}
	return ""
}

// param returns the value of a parameter, "" if it is missing.
func param(params, key string) string {
	for params != "" {
		var p string
		p, params = member(params, ';')
		if name, value, _ := strings.Cut(p, "="); strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// member cuts s at the first sep outside of quotation marks.
func member(s string, sep byte) (first, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && s[i] == sep:
			return strings.TrimSpace(s[:i]), s[i+1:]
		}
	}
	return strings.TrimSpace(s), ""
}
