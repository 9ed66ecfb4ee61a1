package tiny

import (
	"testing"
	"time"
)

func TestGrade(t *testing.T) {
	for n, want := range map[int]string{-1: "negative", 0: "low", 10: "low", 11: "high", 6: "low"} {
		if got := Grade(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestPause(t *testing.T) {
	if Pause(true) != 0 || Pause(false) != 3*time.Second {
		t.Error()
	}
}

func TestKind(t *testing.T) {
	if Kind("a") != 3 || Kind("b") != 4 {
		t.Error()
	}
}

func TestCount(t *testing.T) {
	if Count(3) != 3 {
		t.Error()
	}
}

// TestSlow is not among the fast tests. It is the only one that asks for 7.
func TestSlow(t *testing.T) {
	time.Sleep(500 * time.Millisecond)
	if Grade(7) != "lucky" {
		t.Error()
	}
}
