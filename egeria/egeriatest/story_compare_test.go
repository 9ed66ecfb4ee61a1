package egeriatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	jwt   = regexp.MustCompile(`eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)
	trace = regexp.MustCompile(`(?:(?:\\n|\\r|\\t|\r?\n)+\s*at [^"\n\\]+)+`)
	// Times keep their format, which the recordings check.
	isoTime   = regexp.MustCompile(`\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?`)
	javaTime  = regexp.MustCompile(`\b[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [A-Z]{3,4} 20\d\d\b`)
	epochTime = regexp.MustCompile(`([:,\[])1[6-9]\d{11}\b`)
	uuid      = regexp.MustCompile(`\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b`)
	digit     = regexp.MustCompile(`\d`)
)

// steady replaces personal data and values that differ between runs.
func (s *stage) steady(text string) string {
	text = strings.ReplaceAll(text, s.url, "http://platform")
	text = strings.ReplaceAll(text, strings.TrimPrefix(s.url, "http://"), "platform")
	if s.home != "" {
		text = strings.ReplaceAll(text, s.home, "HOME")
	}
	if s.user != "" {
		text = strings.ReplaceAll(text, s.user, storyUser)
	}
	if s.password != "" {
		text = strings.ReplaceAll(text, s.password, "PASSWORD")
	}
	text = jwt.ReplaceAllString(text, "JWT")
	text = trace.ReplaceAllString(text, "")
	text = isoTime.ReplaceAllStringFunc(text, func(at string) string {
		return "2000-01-01T00:00:00" + digit.ReplaceAllString(at[len("2000-01-01T00:00:00"):], "0")
	})
	text = javaTime.ReplaceAllString(text, "Sat Jan 01 00:00:00 UTC 2000")
	text = epochTime.ReplaceAllString(text, "${1}946684800000")
	return steadyOrder(uuid.ReplaceAllString(text, "00000000-0000-0000-0000-000000000000"))
}

// steadyOrder sorts parts without a defined order: the members of JSON objects, which differ
// between starts of a platform, and lists of servers and their documents, whose order is that of a
// map or a directory. Other text is unchanged.
func steadyOrder(text string) string {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil || object == nil || dec.More() {
		return text
	}
	for _, name := range []string{"omagserverConfigs", "serverList"} {
		if items, ok := object[name].([]any); ok {
			slices.SortFunc(items, func(a, b any) int { return strings.Compare(compact(a), compact(b)) })
		}
	}
	return compact(object)
}

func compact(value any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		panic(err) // it was decoded from JSON
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// differences returns the differences between two runs of the story, one line each. A step that was
// not recorded is not a difference.
func differences(recorded, played []exchange) []string {
	before := map[string]exchange{}
	for _, e := range recorded {
		before[e.Name] = e
	}
	var found []string
	for _, now := range played {
		then, ok := before[now.Name]
		if !ok {
			continue
		}
		delete(before, now.Name)
		want, err := json.Marshal(then)
		if err != nil {
			return []string{err.Error()}
		}
		got, err := json.Marshal(now)
		if err != nil {
			return []string{err.Error()}
		}
		if !bytes.Equal(want, got) {
			found = append(found, fmt.Sprintf("%s:\n recorded %s\n      now %s", now.Name, want, got))
		}
	}
	for _, e := range recorded {
		if _, missing := before[e.Name]; missing {
			found = append(found, e.Name+": recorded, but not played")
		}
	}
	return found
}
