package inventory

// scopeName names a part of a table.
type scopeName struct{ table, account, scope string }

// scopes has the scopes that a statement has read.
type scopes struct {
	complete []scopeName       // read completely
	totals   map[scopeName]int // number of rows that each list states
}

// begun records the total of a part, 0 if it is not known, and returns the total of its table.
func (s *scopes) begun(name scopeName, total int) (all int) {
	if s.totals == nil {
		s.totals = map[scopeName]int{}
	}
	s.totals[name] = total
	for other, n := range s.totals {
		if other.table == name.table {
			all += n
		}
	}
	return all
}
