package apono

import (
	"errors"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// ValidateConfig checks a configuration and the place of its secret against the catalog, before anything is sent: required parameters, allowed values, a secret where the type needs one, of
// a kind that it supports. It returns all problems at once, each an [*Error] that is [ErrInvalid] and names the parameter. Members that the catalog does not name pass: the server
// is the judge of them. Values are compared as they are written; a parameter with a default may be left out.
func ValidateConfig(entry *CatalogEntry, config Config, secret SecretStore) error {
	const op = "ValidateConfig"
	if entry == nil {
		return refuse(op, core.Arg("entry", "is nil"))
	}
	var problems []error
	problem := func(argument, format string, args ...any) {
		problems = append(problems, refuse(op, core.Arg(argument, format, args...)))
	}
	if err := config.Check(); err != nil {
		problem("config", "%v", err)
	}
	for _, p := range entry.Params {
		value := config.Text(p.ID)
		switch {
		case strings.TrimSpace(value) == "" && !p.Optional && p.Default == "":
			problem(p.ID, "is required (%s)", p.Label)
		case value != "" && len(p.Values) > 0 && !slices.Contains(p.Values, value):
			problem(p.ID, "is %q, not one of %s", value, strings.Join(p.Values, ", "))
		}
	}
	kind, supported := secret.Flat().Type(), "no secret store"
	if len(entry.SupportedSecretTypes) > 0 {
		supported = strings.Join(entry.SupportedSecretTypes, ", ")
	}
	if err := storeProblem(secret); err != nil && !secret.IsZero() {
		problem("secret", "%v", err)
	}
	switch {
	case secret.IsZero() && entry.RequiresSecret:
		problem("secret", "is required; %s supports %s", entry.Type, supported)
	case kind != "" && kind != "APONO" && !slices.ContainsFunc(entry.SupportedSecretTypes, func(t string) bool { return strings.EqualFold(t, kind) }):
		problem("secret", "is in %s; %s supports %s", kind, entry.Type, supported)
	}
	return errors.Join(problems...)
}
