package inventory

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
)

// ErrInvalid is matched by errors of New for an invalid option, and by errors of statements that
// this package refuses. Nothing was sent. The errors of SQLite itself, such as a syntax error or an
// unknown name, do not match it.
var ErrInvalid = errors.New("inventory: not valid")

// invalid returns an error that is ErrInvalid.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalid, fmt.Errorf(format, args...))
}

// account is a client with its name in the column account.
type account struct {
	schema, name string
	confluent    *confluent.Client
	environments func(context.Context) ([]string, error) // nil means that they come from the statement
	apono        *apono.Client
	egeria       *egeria.Client
}

// Option configures [New].
type Option func(*config) error

type config struct {
	accounts    []*account
	concurrency int
	partial     bool
	secrets     bool
	maxChanges  int // 0 means no writes
	progress    func(Progress)
}

// add adds an account, unless there already is one with the same name.
func (c *config) add(a *account) error {
	if a.name == "" {
		return invalid("an account of %s has no name", a.schema)
	}
	for _, other := range c.accounts {
		if other.schema == a.schema && other.name == a.name {
			return invalid("%s has two accounts that are called %q", a.schema, a.name)
		}
	}
	c.accounts = append(c.accounts, a)
	return nil
}

// ConfluentOption configures [Confluent].
type ConfluentOption func(*account) error

// Environments sets the environments for statements without environments.
func Environments(ids ...string) ConfluentOption {
	ids = slices.Clone(ids)
	return EnvironmentsFunc(func(context.Context) ([]string, error) { return ids, nil })
}

// EnvironmentsFunc is [Environments] with the IDs that f returns, for example from another API. f
// is called once per statement that needs them.
func EnvironmentsFunc(f func(context.Context) ([]string, error)) ConfluentOption {
	return func(a *account) error {
		if f == nil {
			return invalid("EnvironmentsFunc: the function is nil")
		}
		a.environments = f
		return nil
	}
}

// Confluent adds an account of Confluent Cloud to the tables of the schema confluent. The column
// account of its rows is name.
func Confluent(name string, client *confluent.Client, opts ...ConfluentOption) Option {
	return func(c *config) error {
		a := &account{schema: schemaConfluent, name: name, confluent: client}
		if client == nil {
			return invalid("Confluent(%q): the client is nil", name)
		}
		for _, opt := range opts {
			if opt == nil {
				return invalid("Confluent(%q): an option is nil", name)
			}
			if err := opt(a); err != nil {
				return err
			}
		}
		return c.add(a)
	}
}

// Apono adds an account of Apono to the tables of the schema apono.
func Apono(name string, client *apono.Client) Option {
	return func(c *config) error {
		if client == nil {
			return invalid("Apono(%q): the client is nil", name)
		}
		return c.add(&account{schema: schemaApono, name: name, apono: client})
	}
}

// Egeria adds an OMAG server platform to the tables of the schema egeria.
func Egeria(name string, client *egeria.Client) Option {
	return func(c *config) error {
		if client == nil {
			return invalid("Egeria(%q): the client is nil", name)
		}
		return c.add(&account{schema: schemaEgeria, name: name, egeria: client})
	}
}

// WithConcurrency sets the number of environments, servers and accounts that are read concurrently,
// 1 to 64. The default is 4.
func WithConcurrency(n int) Option {
	return func(c *config) error {
		if n < 1 || n > 64 {
			return invalid("WithConcurrency: %d is not between 1 and 64", n)
		}
		c.concurrency = n
		return nil
	}
}

// WithPartial lets a query continue if an environment, a server or an account can't be read. The
// failures are the rows of inventory_errors until the next statement begins. By default the first
// failure fails the query.
func WithPartial() Option {
	return func(c *config) error {
		c.partial = true
		return nil
	}
}

// WithSecrets shows values that may be secret: the parameters of Apono's integrations and the
// secret members of Egeria's groups. By default columns show *** instead.
func WithSecrets() Option {
	return func(c *config) error {
		c.secrets = true
		return nil
	}
}

// Progress is the progress of a statement.
type Progress struct {
	// Table is the table that is read.
	Table string
	// Rows is the number of rows of Table that the statement has read.
	Rows int
	// Total is the number of rows in the scopes that the statement has begun to read, 0
	// if it is not known.
	Total int
	// Requests is the number of requests that the statement has sent.
	Requests int
}

// WithProgress calls f after each page. f must return soon. If several scopes are read, several
// goroutines call it concurrently.
func WithProgress(f func(Progress)) Option {
	return func(c *config) error {
		if f == nil {
			return invalid("WithProgress: the function is nil")
		}
		c.progress = f
		return nil
	}
}

// New returns a connector for [database/sql.OpenDB]. Each connection has all tables of the package.
// The tables of a vendor without an account are empty.
func New(opts ...Option) (driver.Connector, error) {
	c := &config{concurrency: 4}
	for _, opt := range opts {
		if opt == nil {
			return nil, invalid("New: an option is nil")
		}
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	if len(c.accounts) == 0 {
		return nil, invalid("New: there is no account")
	}
	return newConnector(c)
}
