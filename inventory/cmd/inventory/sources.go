package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/inventory"
	"github.com/integrations-go/sdk/ratelimit"
)

// account is the name of the accounts from environment variables.
const account = "default"

// envEnvironment has the IDs of Confluent's environments.
const envEnvironment = "CONFLUENT_CLOUD_ENVIRONMENT"

// database is a database with the vendors, and its only connection.
type database struct {
	*sql.Conn
	db *sql.DB
}

// vendors are the clients, nil for a vendor that is not queried.
type vendors struct {
	confluent *confluent.Client
	apono     *apono.Client
	egeria    *egeria.Client
}

// withDB calls f with a database with the fakes, or with the vendors whose variables are set.
func (p *program) withDB(ctx context.Context, f func(*database) error) error {
	var v vendors
	var err error
	environments := split(p.settings.environments)
	if p.settings.fake {
		var stop func()
		v, stop, err = fakes(ctx)
		if err != nil {
			return err
		}
		defer stop()
		if len(environments) == 0 {
			environments = fakeEnvironments
		}
		fmt.Fprintln(p.stderr, "inventory: fakes of the vendors answer; nothing leaves this machine")
	} else if v, err = live(); err != nil {
		return usageError{err}
	} else if len(environments) == 0 {
		environments = split(os.Getenv(envEnvironment))
	}
	connector, err := inventory.New(p.options(v, environments)...)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(&database{conn, db})
}

// options returns the options of the database.
func (p *program) options(v vendors, environments []string) []inventory.Option {
	options := []inventory.Option{inventory.WithConcurrency(p.settings.concurrency)}
	var limiters []ratelimit.Limiter
	if v.confluent != nil {
		var of []inventory.ConfluentOption
		if len(environments) > 0 {
			of = append(of, inventory.Environments(environments...))
		}
		options = append(options, inventory.Confluent(account, v.confluent, of...))
		limiters = append(limiters, v.confluent.Limiter())
	}
	if v.apono != nil {
		options = append(options, inventory.Apono(account, v.apono))
		limiters = append(limiters, v.apono.Limiter())
	}
	if v.egeria != nil {
		options = append(options, inventory.Egeria(account, v.egeria))
		limiters = append(limiters, v.egeria.Limiter())
	}
	if p.settings.partial {
		options = append(options, inventory.WithPartial())
	}
	if p.settings.changes != 0 {
		options = append(options, inventory.WithWrites(inventory.MaxChanges(p.settings.changes)))
	}
	if p.bar != nil {
		p.bar.limiters = limiters
		options = append(options, inventory.WithProgress(p.bar.update))
	}
	return options
}

// live returns the clients of the vendors whose variables are set.
func live() (v vendors, err error) {
	var errs []error
	if anySet(confluent.EnvAPIKey, confluent.EnvAPISecret) {
		v.confluent, err = confluent.FromEnv()
		errs = append(errs, err)
	}
	if anySet(apono.EnvToken) {
		v.apono, err = apono.FromEnv()
		errs = append(errs, err)
	}
	if anySet(egeria.EnvPlatformURL, egeria.EnvUser) {
		v.egeria, err = egeria.FromEnv()
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		return v, fmt.Errorf("no vendor is configured: set %s and %s, %s, or %s and %s; or try it with -fake",
			confluent.EnvAPIKey, confluent.EnvAPISecret, apono.EnvToken, egeria.EnvPlatformURL, egeria.EnvUser)
	}
	return v, errors.Join(errs...)
}

func anySet(names ...string) bool {
	for _, name := range names {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// split returns the parts of a comma-separated list.
func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
