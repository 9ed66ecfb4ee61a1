package core

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUserAgentNamesTheModuleAndTheCaller(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, `^integrations-go-sdk/\S+ \(go\S.*; \w+/\w+\)$`, userAgent(""))
	assert.Regexp(t, `^integrations-go-sdk/.*\) app/1 \(x\)$`, userAgent("app/1 (x)"))
}
