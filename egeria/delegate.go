package egeria

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

const delegateParameter = "delegatingUserId"

// WithDelegatingUser sets the user that the caller acts for, on platforms of 6.0 and later. Every
// request has it as query parameter delegatingUserId, except those for tokens and the origin. An
// unknown user is [ErrForbidden] (OPEN-METADATA-SECURITY-403-017). The audit trail of a document
// has the caller, not this user.
//
// Platforms of 4.x and 5.x do not have the parameter: with [Dialect4], the calls are [ErrInvalid].
func WithDelegatingUser(user string) Option {
	return option("WithDelegatingUser", func(_ *core.Options, c *config) error {
		c.delegate = user
		if err := core.Required("user", user); err != nil {
			return err
		}
		return core.ValidText("user", user)
	})
}

// checkDelegate returns an error if the client acts for a user and the dialect does not allow that.
func (c *config) checkDelegate(d Dialect) error {
	if d == Dialect4 && c.delegate != "" {
		return core.Arg("delegating user", "is set, which platforms of %s do not support", Dialect4)
	}
	return nil
}

// delegate adds the user that the caller acts for, unless the request already has one.
func (c *Client) delegate(r *http.Request, user string) {
	path := r.URL.Path
	if user == "" || strings.Contains(path, "/api/token") || strings.HasSuffix(path, "/server-platform/origin") {
		return
	}
	if r.URL.Query().Has(delegateParameter) {
		return
	}
	parameter := delegateParameter + "=" + url.QueryEscape(user)
	r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&"+parameter, "&")
}
