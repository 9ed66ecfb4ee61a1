package apono

import (
	"errors"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// ValidateConfig checks a configuration and the place of its secret against the catalog, before
// anything is sent:
//
//   - A required parameter has a value, or a default.
//   - A parameter with allowed values has one of them. Values are compared exactly.
//   - If the type needs a secret, there is one, in a store that the type supports.
//
// Members that are not in the catalog are not checked. The server decides.
//
// It returns nil, or all problems at once, joined. Each is an [*Error] that is [ErrInvalid] and
// names the parameter. A nil entry is [ErrInvalid] too.
func ValidateConfig(entry *CatalogEntry, config Config, secret SecretStore) error {
	const op = "ValidateConfig"
	if entry == nil {
		return invalidArg(op, core.Arg("entry", "is nil"))
	}
	var problems []error
	problem := func(argument, format string, args ...any) {
		problems = append(problems, invalidArg(op, core.Arg(argument, format, args...)))
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
	same := func(t string) bool { return strings.EqualFold(t, kind) }
	switch {
	case secret.IsZero() && entry.RequiresSecret:
		problem("secret", "is required; %s supports %s", entry.Type, supported)
	case kind != "" && kind != "APONO" && !slices.ContainsFunc(entry.SupportedSecretTypes, same):
		problem("secret", "is in %s; %s supports %s", kind, entry.Type, supported)
	}
	return errors.Join(problems...)
}
