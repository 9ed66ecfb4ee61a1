package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/redact"
)

// maxNesting is the maximum depth at which the text of an error document is searched.
const maxNesting = 5

// The members of error documents, in lower case and without punctuation. The first member of a list
// that has a text is used.
var (
	codeMembers = []string{"code", "errorcode"}
	textMembers = []string{
		"detail", "message", "errormessage", "errordescription", "description", "msg", "faultstring", "reason",
	}
	// nestedMembers may contain more specific documents, or lists of them.
	nestedMembers = []string{"errors", "error", "fault", "details"}
)

// describe sets the code and the text of f from its body: a document in a usual form, a page, or a
// text. The body of a 2xx response may contain secrets. It is quoted only if it is an error
// document or a page with a title.
func (f *Failure) describe(isErrorDocument func([]byte) bool) {
	body := bytes.TrimSpace(f.Body)
	document := json.Valid(body)
	switch {
	case bytes.HasPrefix(body, []byte("<")):
		f.Detail = pageTitle(body)
		if f.Detail == "" && f.StatusCode >= http.StatusMultipleChoices {
			f.Detail = markupText(body)
		}
	case f.StatusCode >= http.StatusMultipleChoices:
		if document {
			f.Code, f.Detail = described(body)
		}
		if f.Detail == "" && !(document && onlyCode(body)) {
			f.Detail = Excerpt(f.Body) // a document of an unknown form
		}
		return
	case document && f.Err != nil && !errors.As(f.Err, new(*RefusedError)) && isErrorDocument(body):
		f.Code, f.Detail = described(body)
	}
	f.Detail = redact.Text(f.Detail)
}

// described returns the code and the text of a JSON document, "" if it has none.
func described(document []byte) (code, text string) {
	if bytes.HasPrefix(document, []byte("[")) {
		for first := range Elements(document) {
			return nodeOf(first).read(1) // it may be a list of errors
		}
	}
	return nodeOf(document).read(1)
}

// node has the members of an object in an error document, by normalized name.
type node map[string][]byte

// nodeOf returns the known members of an object. Any other value has none.
func nodeOf(object []byte) node {
	n := node{}
	for name, value := range Members(object) {
		name = plainName(name)
		known := name == "title" || slices.Contains(codeMembers, name) ||
			slices.Contains(textMembers, name) || slices.Contains(nestedMembers, name)
		if known && n[name] == nil {
			n[name] = value
		}
	}
	return n
}

var plainNames = strings.NewReplacer("_", "", "-", "")

func plainName(name string) string { return strings.ToLower(plainNames.Replace(name)) }

// read returns the code and the text. The text consists of the title, the description of this
// failure, and the texts of the documents in n.
func (n node) read(depth int) (code, text string) {
	for _, name := range codeMembers {
		code = First(Text(code), Text(scalar(n[name])))
	}
	said := ""
	for _, name := range textMembers {
		if said == "" {
			var innerCode string
			innerCode, said = inside(n[name], depth)
			code = First(Text(code), Text(innerCode))
		}
	}
	parts := []string{scalar(n["title"]), said}
	for _, name := range nestedMembers {
		if name == "error" && scalar(n[name]) != "" {
			continue // a phrase such as "Not Found", see below
		}
		innerCode, inner := inside(n[name], depth)
		code = First(Text(code), Text(innerCode))
		if inner != "" {
			parts = append(parts, inner)
			break
		}
	}
	for _, part := range parts {
		switch {
		case part == "" || strings.Contains(text, part):
		case text == "":
			text = part
		default:
			text += ": " + part
		}
	}
	return code, First(Text(text), Text(scalar(n["error"])))
}

// inside returns the code and the text of a member: a text, an object, or the first element of a
// list that has one.
func inside(value []byte, depth int) (code, text string) {
	switch {
	case len(value) == 0 || depth > maxNesting:
		return "", ""
	case value[0] == '[':
		for item := range Elements(value) {
			if item[0] != '"' && item[0] != '{' {
				continue
			}
			if code, text = inside(item, depth+1); text != "" {
				return code, text
			}
		}
		return code, ""
	case value[0] == '{':
		if code, text = nodeOf(value).read(depth + 1); text == "" {
			text = ofFields(value, depth)
		}
		return code, text
	}
	return "", scalar(value)
}

// ofFields returns the text of an object with lists of texts by field name: {"name":["is too
// long"]}.
func ofFields(object []byte, depth int) string {
	for name, value := range Members(object) {
		if _, text := inside(value, depth+1); value[0] == '[' && text != "" && !redact.SecretName(name) {
			return name + ": " + text
		}
	}
	return ""
}

// scalar returns the text of a JSON string or number, "" for anything else.
func scalar(value []byte) string {
	var t Text
	if len(value) > 0 {
		_ = t.UnmarshalJSON(value) // it never fails
	}
	return strings.TrimSpace(string(t))
}

// onlyCode reports whether an error document has only a code and a status, which the text of an
// error already has.
func onlyCode(document []byte) bool {
	some := false
	for name, value := range Members(document) {
		name = plainName(name)
		if scalar(value) == "" || name != "status" && name != "error" && !slices.Contains(codeMembers, name) {
			return false
		}
		some = true
	}
	return some
}

var (
	titleElement   = regexp.MustCompile(`(?is)<title(?:\s[^>]*)?>(.*?)</title`)
	headingElement = regexp.MustCompile(`(?is)<h1(?:\s[^>]*)?>(.*?)</h1`)
	htmlPage       = regexp.MustCompile(`(?i)<(?:!doctype\s+)?html[\s>]`)
	// tag matches a comment, a tag or a declaration, which may be cut at the end. The groups are
	// the slash of an end tag and the name of the element.
	tag = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)|<!\[CDATA\[|\]\]>|<(/?)([a-zA-Z][^\s/>]*)[^>]*>?|<[!?][^>]*>?`)
)

// pageTitle returns the title of an HTML page, "" if it has none.
func pageTitle(page []byte) string {
	found := titleElement.FindSubmatch(page)
	if found == nil {
		return ""
	}
	return oneLine(html.UnescapeString(string(found[1])), maxNoteText)
}

// markupText returns the beginning of the text between the tags, of an HTML page only that of its
// first heading. It leaves out elements with the names of secrets. It returns "" for bodies that
// are not text.
func markupText(markup []byte) string {
	rest := string(markup)
	if strings.Contains(rest, "\x00") {
		return ""
	}
	if htmlPage.MatchString(rest) {
		heading := headingElement.FindStringSubmatch(rest)
		if heading == nil {
			return ""
		}
		rest = heading[1]
	}
	var text strings.Builder
	hidden := "" // the name of the open element that is left out
	for rest != "" {
		at := tag.FindStringSubmatchIndex(rest)
		if at == nil {
			at = []int{len(rest), len(rest), -1, -1, -1, -1}
		}
		if hidden == "" {
			text.WriteString(rest[:at[0]])
			text.WriteByte(' ')
		}
		if at[4] >= 0 {
			name, end := rest[at[4]:at[5]], at[3] > at[2]
			switch {
			case end && name == hidden:
				hidden = ""
			case !end && hidden == "" && !strings.HasSuffix(rest[:at[1]], "/>") && notShown(name):
				hidden = name
			}
		}
		rest = rest[at[1]:]
	}
	return redact.Text(oneLine(html.UnescapeString(text.String()), maxExcerptText))
}

// notShown reports whether the text of an element is a secret or no text.
func notShown(name string) bool {
	return redact.SecretName(name) || slices.Contains([]string{"script", "style"}, strings.ToLower(name))
}
