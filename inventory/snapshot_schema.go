package inventory

import "strings"

// snapshotFormat is the application id of snapshot files, "inv1".
const snapshotFormat = 0x696e7631

// snapshotSchema creates the tables of a snapshot file.
//
// The views compare the runs in the view compared. Rows of scopes that one of the two runs did not
// read completely are not compared.
const snapshotSchema = `
CREATE TABLE runs(run INTEGER PRIMARY KEY, at TEXT NOT NULL);
CREATE TABLE scopes(
  run INTEGER NOT NULL, table_name TEXT NOT NULL, account TEXT NOT NULL, scope TEXT NOT NULL, error TEXT
);
CREATE INDEX scopes_of_run ON scopes(run, table_name, account, scope);
CREATE TABLE items(
  run INTEGER NOT NULL, table_name TEXT NOT NULL, account TEXT NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL,
  data TEXT NOT NULL, PRIMARY KEY(run, table_name, account, scope, id)
) WITHOUT ROWID;
CREATE TABLE comparison(before_run INTEGER, after_run INTEGER);
INSERT INTO comparison VALUES (NULL, NULL);

CREATE VIEW compared AS
SELECT coalesce(c.before_run, (SELECT max(run) FROM runs WHERE run < a.run)) AS before_run, a.run AS after_run
FROM comparison c, (SELECT coalesce((SELECT after_run FROM comparison), max(run)) AS run FROM runs) a;

CREATE VIEW added AS
SELECT i.table_name, i.account, i.scope, i.id, ` + snapshotName + ` AS name, i.data
FROM compared c JOIN items i ON i.run = c.after_run
WHERE NOT EXISTS (SELECT 1 FROM items o WHERE o.run = c.before_run AND ` + snapshotSame + `)
AND EXISTS (SELECT 1 FROM scopes s WHERE s.run = c.before_run AND ` + snapshotRead + `);

CREATE VIEW removed AS
SELECT i.table_name, i.account, i.scope, i.id, ` + snapshotName + ` AS name, i.data
FROM compared c JOIN items i ON i.run = c.before_run
WHERE NOT EXISTS (SELECT 1 FROM items o WHERE o.run = c.after_run AND ` + snapshotSame + `)
AND EXISTS (SELECT 1 FROM scopes s WHERE s.run = c.after_run AND ` + snapshotRead + `);

CREATE VIEW changed AS
SELECT i.table_name, i.account, i.scope, i.id, ` + snapshotName + ` AS name, k.key AS column_name,
  o.data ->> k.fullkey AS before, i.data ->> k.fullkey AS after
FROM compared c JOIN items i ON i.run = c.after_run JOIN items o ON o.run = c.before_run AND ` + snapshotSame + `
JOIN json_each(json_patch(o.data, i.data)) k
WHERE o.data <> i.data AND (o.data -> k.fullkey) IS NOT (i.data -> k.fullkey);
`

const (
	snapshotName = `coalesce(i.data ->> 'display_name', i.data ->> 'name', i.data ->> 'qualified_name', i.id)`
	snapshotSame = `o.table_name = i.table_name AND o.account = i.account AND o.scope = i.scope AND o.id = i.id`
	// The scope '' is the whole account.
	snapshotRead = `s.table_name = i.table_name AND s.account = i.account AND s.scope IN ('', i.scope) AND s.error ` +
		`IS NULL`
)

// aponoTags is a table that is read only by name.
const aponoTags = "apono.user_tags"

// snapshotConditions have the values of required columns without a configuration. The parameter is
// the account.
var snapshotConditions = map[string]string{
	"apono.resources":   "account = ?1 AND integration_id IN (" + integrationIDs + ")",
	"apono.permissions": "account = ?1 AND integration_id IN (" + integrationIDs + ")",
	aponoTags: "account = ?1 AND resource_id IN (SELECT id FROM apono.resources " +
		"WHERE account = ?1 AND integration_id IN (" + integrationIDs + "))",
}

const integrationIDs = "SELECT id FROM apono.integrations WHERE account = ?1"

// snapshotView returns the view of a table, with the columns of the table.
func snapshotView(t *table) string {
	name := quoted(t.schema + "_" + t.name)
	var b strings.Builder
	b.WriteString("DROP VIEW IF EXISTS " + name + ";\nCREATE VIEW " + name + " AS\nSELECT run, account")
	for _, c := range snapshotColumns(t) {
		operator := " ->> "
		if c.kind == document {
			operator = " -> "
		}
		b.WriteString(", data" + operator + "'" + c.name + "' AS " + quoted(c.name))
	}
	b.WriteString("\nFROM items WHERE table_name = '" + t.fullName() + "';\n")
	return b.String()
}

// snapshotColumns returns the columns of t that are in the data of an item.
func snapshotColumns(t *table) []column {
	var columns []column
	for _, c := range t.columns[len(leading):] {
		if !c.hidden {
			columns = append(columns, c)
		}
	}
	return columns
}
