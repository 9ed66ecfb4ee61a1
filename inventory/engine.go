package inventory

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/ncruces/go-sqlite3"
)

// tableView adapts a table to the engine. There is one per connection.
type tableView struct {
	table *table
	conn  *conn
	marks map[int]int // the number of the first change after each savepoint
}

// schemas are the schemas of the vendors.
var schemas = []string{schemaConfluent, schemaApono, schemaEgeria}

// module returns the name of the engine's module for the table.
func (t *table) module() string { return t.schema + "_" + t.name }

// register creates the tables of a connection.
func register(c *conn, tables []*table) error {
	for _, schema := range schemas {
		if err := c.raw.Exec("ATTACH ':memory:' AS " + schema); err != nil {
			return err
		}
	}
	for _, t := range tables {
		module := t.module()
		construct := func(db *sqlite3.Conn, _, _, _ string, _ ...string) (*tableView, error) {
			if err := db.VTabConfig(sqlite3.VTAB_CONSTRAINT_SUPPORT, true); err != nil {
				return nil, err
			}
			return &tableView{table: t, conn: c}, db.DeclareVTab(declaration(t))
		}
		//nolint:staticcheck // Go 1.27 has a generic method
		if err := sqlite3.CreateModule(c.raw, module, construct, construct); err != nil {
			return fmt.Errorf("table %s: %w", t.fullName(), err)
		}
		err := c.raw.Exec("CREATE VIRTUAL TABLE " + t.schema + "." + quoted(t.name) + " USING " + quoted(module))
		if err != nil {
			return fmt.Errorf("table %s: %w", t.fullName(), err)
		}
	}
	if err := c.raw.Exec(unionView); err != nil {
		return err
	}
	return c.protect()
}

// unionView is in the temporary schema, because a view of another schema can't use the tables of
// all vendors. Its columns have the declared types of the last part.
const unionView = `CREATE TEMP VIEW integrations AS
SELECT 'apono' AS vendor, account, NULL AS scope, id, name, type, status, config FROM apono.integrations
UNION ALL
SELECT 'egeria', account, server, qualified_name, qualified_name, 'IntegrationGroup', NULL, NULL FROM ` +
	`egeria.integration_groups
UNION ALL
SELECT 'confluent', account, environment, id, display_name, provider, status, config FROM confluent.integrations`

// quoted returns name as an identifier of SQL.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// declaration returns the CREATE TABLE of t. Each row has a key. Therefore a row that two terms of
// OR find is one row.
func declaration(t *table) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE t(")
	for i, c := range t.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoted(c.name) + " " + c.kind.sqlType())
		if c.fold {
			b.WriteString(" COLLATE NOCASE")
		}
		if c.hidden {
			b.WriteString(" HIDDEN")
		}
		if i == keyColumn {
			b.WriteString(" NOT NULL PRIMARY KEY")
		}
	}
	b.WriteString(") WITHOUT ROWID")
	return b.String()
}

// limitColumn is the entry in a plan for the maximum number of rows of the statement.
const limitColumn = "#limit"

// BestIndex implements [sqlite3.VTab]. The plan has the columns whose values Filter gets, in order.
func (v *tableView) BestIndex(info *sqlite3.IndexInfo) error {
	var plan []string
	missing := map[string]bool{} // required columns that only another plan binds
	for i, c := range info.Constraint {
		use := v.use(info, i)
		if use == "" || planned(plan, columnOf(use)) {
			continue // The engine checks each row again.
		}
		if !c.Usable {
			missing[use] = use != limitColumn && v.table.filter(c.Column).required
			continue
		}
		plan = append(plan, use)
		info.ConstraintUsage[i].ArgvIndex = len(plan)
		delete(missing, columnOf(use))
	}
	for column, required := range missing {
		if required && v.configured() == none {
			v.conn.unbound = invalid("%s: %s is needed, and the statement gives it no value", v.table.fullName(),
				column)
			return sqlite3.CONSTRAINT // the engine tries another order of the tables
		}
	}
	if info.ColumnsUsed&(1<<rawColumn) != 0 {
		info.IdxNum = 1
	}
	info.IdxStr = strings.Join(plan, ",")
	info.EstimatedRows = 10000
	if planned(plan, "id") {
		info.EstimatedRows = 1
	}
	info.EstimatedCost = v.cost(plan)
	return nil
}

// cost returns the estimated cost of a plan. Each filter makes it cheaper. The exception is a
// required column without a configured value: for a cheaper plan the engine would read the terms of
// an OR separately, and would then not pass on the values of a subselect.
func (v *tableView) cost(plan []string) float64 {
	cost := 1e6
	for range plan {
		cost /= 10
	}
	for i := range v.table.filters {
		if f := &v.table.filters[i]; f.required && v.configured() != all {
			if !planned(plan, f.column) {
				return 1e15 // any plan with a value is better
			}
			cost = 1e5
		}
	}
	return cost
}

// planned reports whether a plan has a column.
func planned(plan []string, column string) bool {
	return slices.ContainsFunc(plan, func(use string) bool { return columnOf(use) == column })
}

// share is the share of accounts that have a property.
type share int

const (
	none share = iota
	some
	all
)

// configured returns the share of accounts with configured values for a required column. Without
// accounts nothing is read, and nothing is missing.
func (v *tableView) configured() share {
	accounts, with := 0, 0
	for _, a := range v.conn.config.accounts {
		if a.schema != v.table.schema {
			continue
		}
		accounts++
		if v.table.configured != nil && v.table.configured(a) {
			with++
		}
	}
	switch with {
	case accounts:
		return all
	case 0:
		return none
	}
	return some
}

// limitsPages reports whether LIMIT is the number of rows that are read: the engine does not sort
// them, and leaves out few of them. It is a hint. More rows may still be read.
func (v *tableView) limitsPages(info *sqlite3.IndexInfo) bool {
	return len(info.OrderBy) == 0 && !slices.ContainsFunc(info.Constraint, func(c sqlite3.IndexConstraint) bool {
		filtered := c.Op == sqlite3.INDEX_CONSTRAINT_EQ && c.Column >= 0 && v.table.filter(c.Column) != nil
		return c.Op != sqlite3.INDEX_CONSTRAINT_LIMIT && !filtered
	})
}

// columnOf returns the column of an entry of a plan.
func columnOf(use string) string { return strings.TrimPrefix(use, "*") }

// use returns the entry of a plan for a constraint, "" if the table can't use it.
func (v *tableView) use(info *sqlite3.IndexInfo, i int) string {
	c := info.Constraint[i]
	switch {
	case c.Op == sqlite3.INDEX_CONSTRAINT_LIMIT && v.limitsPages(info):
		return limitColumn
	case c.Op != sqlite3.INDEX_CONSTRAINT_EQ || c.Column < 0:
		return ""
	}
	f := v.table.filter(c.Column)
	if f == nil {
		return ""
	}
	if !c.Usable {
		return f.column
	}
	switch collation := info.Collation(i); {
	case collation == "BINARY", collation == "NOCASE" && v.table.columns[c.Column].fold:
	default:
		return ""
	}
	if info.In(i, -1) && info.In(i, 1) {
		return "*" + f.column
	}
	return f.column
}

// Open implements [sqlite3.VTab].
func (v *tableView) Open() (sqlite3.VTabCursor, error) {
	v.conn.statement.cursors++
	return &cursor{view: v, statement: v.conn.statement}, nil
}

// cursor reads the rows of one scan after another.
type cursor struct {
	view      *tableView
	statement *statement
	next      func() (row, error, bool)
	stop      func()
	row       row // nil at the end
}

// Close implements [io.Closer].
func (c *cursor) Close() error {
	c.end()
	c.statement.cursors--
	return nil
}

// end ends the scan.
func (c *cursor) end() {
	if c.stop != nil {
		c.stop()
		c.stop = nil
	}
}

// Filter implements [sqlite3.VTabCursor].
func (c *cursor) Filter(index int, plan string, args ...sqlite3.Value) error {
	c.end()
	// With one cursor the rows are read once and not kept.
	q := &query{filters: map[string][]string{}, raw: index == 1, again: c.statement.cursors > 1}
	for i, arg := range args {
		column, in := strings.CutPrefix(strings.Split(plan, ",")[i], "*")
		if column == limitColumn {
			q.limit = int(min(max(0, arg.Int64()), math.MaxInt32))
			continue
		}
		values := texts(arg, in)
		q.filters[column] = values
		if len(values) == 0 {
			c.row = nil // nothing is equal to NULL
			return nil
		}
	}
	c.next, c.stop = iter.Pull2(c.statement.read(c.view.conn.raw.GetInterrupt(), c.view.table, q))
	return c.Next()
}

// texts returns the values of a constraint that are not NULL, without duplicates.
func texts(arg sqlite3.Value, isList bool) []string {
	var values []string
	add := func(v sqlite3.Value) {
		if v.Type() != sqlite3.NULL {
			values = append(values, v.Text())
		}
	}
	if !isList {
		add(arg)
		return values
	}
	for v, err := arg.InFirst(); err == nil; v, err = arg.InNext() {
		add(v)
	}
	return values
}

// Next implements [sqlite3.VTabCursor].
func (c *cursor) Next() error {
	r, err, ok := c.next()
	if err != nil {
		return c.statement.fail(err)
	}
	if !ok {
		r = nil
	}
	c.row = r
	return nil
}

// EOF implements [sqlite3.VTabCursor].
func (c *cursor) EOF() bool { return c.row == nil }

// Column implements [sqlite3.VTabCursor].
func (c *cursor) Column(ctx sqlite3.Context, n int) error {
	if ctx.VTabNoChange() {
		return nil // the UPDATE does not set the column
	}
	v, err := c.row.value(n)
	if err != nil {
		return c.statement.fail(err)
	}
	switch v := v.(type) {
	case nil:
		ctx.ResultNull()
	case string:
		ctx.ResultText(v)
	case *string:
		ctx.ResultText(*v)
	case json.RawMessage:
		ctx.ResultText(unsafe.String(unsafe.SliceData(v), len(v))) // the engine copies it
	case bool:
		ctx.ResultBool(v)
	case int:
		ctx.ResultInt64(int64(v))
	case int64:
		ctx.ResultInt64(v)
	default:
		return c.statement.fail(fmt.Errorf("inventory: column %s has a %T", strconv.Quote(c.view.table.columns[n].name),
			v))
	}
	return nil
}

// RowID implements [sqlite3.VTabCursor]. The tables have no row IDs.
func (c *cursor) RowID() (int64, error) { return 0, nil }
