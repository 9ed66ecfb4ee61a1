package egeria

import (
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// newError converts a failure of the core to an [*Error] for the platform's dialect.
func (c *Client) newError(f *core.Failure) error {
	err := newError(f)
	e, ok := err.(*Error) //nolint:errorlint // it is one
	if !ok || e.Failure != nil || e.Err != nil || e.StatusCode < 400 {
		return err
	}
	if c.dialect.get() == Dialect4 && isBareUnauthorized(e) {
		e.RelatedCode = http.StatusNotFound
		e.Detail = "the platform has no operation for the request: 5.x responds in this way"
	}
	forced := c.cfg.dialect != DialectAuto && !strings.Contains(e.Header.Get("WWW-Authenticate"), "error=")
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed:
		if forced {
			e.Detail = strings.TrimPrefix(e.Detail+"; ", "; ") + "if the platform is not of " + c.cfg.dialect.String() +
				", WithDialect is wrong"
		}
	}
	return err
}

// isBareUnauthorized reports whether a response is the 401 that 5.x sends for a request that
// reaches no operation. It is not about credentials, because 5.x requires none.
func isBareUnauthorized(e *Error) bool {
	return e.StatusCode == http.StatusUnauthorized && len(e.Body) == 0 && e.Header.Get("WWW-Authenticate") == "Bearer"
}
