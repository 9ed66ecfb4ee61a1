package redact

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// JSON returns the JSON object or array document without its secrets, and false if document is
// anything else. A member is a secret by its name, or if secret returns true. secret gets the names
// of the enclosing members and its own name, and the value. Texts that are JSON documents are
// handled in the same way.
func JSON(document []byte, secret func(path []string, value any) bool) (string, bool) {
	return JSONWithout(Redactor{}, document, secret)
}

// JSONWithout is [JSON] for a document that may also contain the secrets of r.
func JSONWithout(r Redactor, document []byte, secret func(path []string, value any) bool) (string, bool) {
	var v any
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if !json.Valid(document) || d.Decode(&v) != nil {
		return "", false
	}
	switch v.(type) {
	case map[string]any, []any:
	default: // a text may be a credential
		return "", false
	}
	m := masker{r, secret}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(m.value(v, nil)) != nil {
		return "", false
	}
	return strings.TrimSuffix(out.String(), "\n"), true
}

type masker struct {
	redactor Redactor
	secret   func(path []string, value any) bool
}

func (m masker) value(v any, path []string) any {
	switch v := v.(type) {
	case string:
		if text, ok := JSONWithout(m.redactor, []byte(v), m.secret); ok {
			return text
		}
		return Text(m.redactor.String(v)) // Text may hide only a part of a secret
	case []any:
		for i := range v {
			v[i] = m.value(v[i], path)
		}
	case map[string]any:
		m.object(v, path)
	}
	return v
}

func (m masker) object(o map[string]any, path []string) {
	for name, value := range o {
		inner := append(slices.Clip(path), name)
		_, flag := value.(bool)
		switch {
		case value == nil || flag:
		case SecretName(name) || m.secret != nil && m.secret(inner, value):
			o[name] = Mark
		default:
			o[name] = m.value(value, inner)
		}
	}
	// {"name":"password","value":"…"}
	for _, label := range []string{"name", "key", "id"} {
		if text, ok := o[label].(string); ok && SecretName(text) && o["value"] != nil {
			o["value"] = Mark
		}
	}
}

// Names of secrets, in lower case and without punctuation: parts of names, and ends of names.
var (
	secretParts = []string{
		"password", "passwd", "passphrase", "pwd", "privatekey", "accesskey", "apikey", "accountkey", "secretkey",
		"jwt", "credential", "jaas", "authorization",
	}
	secretEnds = []string{"secret", "secrets", "token", "tokens"}
)

var punctuation = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

// SecretName reports whether a member, parameter or header has the name of a secret. Page tokens
// are not secrets.
func SecretName(name string) bool {
	plain := punctuation.Replace(strings.ToLower(name))
	if PageToken(name) {
		return false
	}
	return slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(plain, part) }) ||
		slices.ContainsFunc(secretEnds, func(end string) bool { return strings.HasSuffix(plain, end) })
}

// PageToken reports whether a name is that of a page token.
func PageToken(name string) bool {
	return strings.Contains(punctuation.Replace(strings.ToLower(name)), "pagetoken")
}

// assignment matches a secret inside a text: password=x, "token: x", {\"pwd\":\"x\"}. A text may be
// cut before a quotation mark.
var assignment = regexp.MustCompile(
	`(?i)([\w.-]*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key)["'\\]*\s*[=:]\s*)` +
		`("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\\+"[^"]*"?|[^\s&;,"']+)`)

// Text returns text without values that look like secrets.
func Text(text string) string {
	return assignment.ReplaceAllString(text, "${1}"+Mark)
}

// jwt matches a JSON Web Token, whose first part is an object.
var jwt = regexp.MustCompile(`\bey[\w-]{6,}\.[\w-]{4,}(\.[\w-]*)*`)

// minCredential is the minimum length of a word that counts as a credential, in bytes, if it is the
// whole body.
const minCredential = 16

// Credentials returns the response to a token request without possible credentials: values of
// members with the names of secrets, JSON Web Tokens, and a body that is only one long word.
func Credentials(body []byte) []byte {
	text := string(body)
	if word := strings.Trim(strings.TrimSpace(text), `"`); len(word) >= minCredential && !strings.ContainsAny(word,
		" \t\r\n<>{}[]()") {
		return []byte(Mark)
	}
	switch document, ok := JSON(body, nil); {
	case !ok:
		text = Text(text)
	case strings.Count(document, Mark) > strings.Count(text, Mark):
		text = document // members are sorted
	}
	if clean := jwt.ReplaceAllString(text, Mark); clean != string(body) {
		return []byte(clean)
	}
	return body
}
