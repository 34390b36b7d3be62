// Tlogcheck verifies a Keystrand audit log with the implementation of the Go checksum database
// (golang.org/x/mod/sumdb), which shares no code with the program that wrote the log.
//
//	tlogcheck -dir LOG -vkey KEY [-proofs FILE]
//
// It checks the checkpoint's signature, builds the tree from the entry bundles, compares every hash tile with it,
// compares journal lines with entries, and checks the inclusion and consistency proofs in FILE.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	dir := flag.String("dir", "", "folder of the log")
	vkey := flag.String("vkey", "", "verifier key of the log")
	proofs := flag.String("proofs", "", "JSON file with proofs")
	flag.Parse()
	if err := run(*dir, *vkey, *proofs); err != nil {
		fmt.Fprintln(os.Stderr, "tlogcheck:", err)
		os.Exit(1)
	}
}

func run(dir, vkey, proofs string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	checkpoint, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(checkpoint, verifier)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	hashes, err := buildTree(dir, tree)
	if err != nil {
		return err
	}
	tiles, err := checkTiles(dir, tree.N, hashes)
	if err != nil {
		return err
	}
	lines, err := checkJournal(dir, tree.N, hashes)
	if err != nil {
		return err
	}
	checked, err := checkProofs(proofs, verifier)
	if err != nil {
		return err
	}
	fmt.Printf("verified: %d entries, %d tiles, %d journal lines, %d proofs, root %v\n", tree.N, tiles, lines, checked, tree.Hash)
	return nil
}

// openCheckpoint reads a C2SP tlog-checkpoint: origin, size and root, one a line.
func openCheckpoint(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("size %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// storedHashes is the whole tree in the order of tlog.StoredHashIndex.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, errors.New("hash outside of the tree")
		}
		found[i] = s[index]
	}
	return found, nil
}

// buildTree hashes the entries of all bundles and compares the root with the checkpoint's.
func buildTree(dir string, tree tlog.Tree) (storedHashes, error) {
	var hashes storedHashes
	n := int64(0)
	for n < tree.N {
		width := min(tree.N-n, 1<<height)
		path := filepath.Join(dir, "tile", "entries", index(n>>height, width))
		bundle, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for range width {
			if len(bundle) < 2 {
				return nil, fmt.Errorf("%s: cut short", path)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < 2+length {
				return nil, fmt.Errorf("%s: cut short", path)
			}
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			if !json.Valid(entry) || bytes.ContainsRune(entry, '\n') {
				return nil, fmt.Errorf("entry %d is not a line of JSON", n)
			}
			stored, err := tlog.StoredHashes(n, entry, hashes)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, stored...)
			n++
		}
		if len(bundle) != 0 {
			return nil, fmt.Errorf("%s: too long", path)
		}
	}
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return nil, err
	}
	if root != tree.Hash {
		return nil, fmt.Errorf("the entries give the root %v, the checkpoint signs %v", root, tree.Hash)
	}
	return hashes, nil
}

// checkTiles compares every tile that a tree of this size needs.
func checkTiles(dir string, size int64, hashes storedHashes) (int, error) {
	tiles := tlog.NewTiles(height, 0, size)
	for _, tile := range tiles {
		expected, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return 0, err
		}
		path := filepath.Join(dir, "tile", strconv.Itoa(tile.L), index(tile.N, int64(tile.W)))
		found, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(found, expected) {
			return 0, fmt.Errorf("%s differs from the entries", path)
		}
	}
	return len(tiles), nil
}

// checkJournal compares the journal lines under the checkpoint with the leaf hashes.
func checkJournal(dir string, size int64, hashes storedHashes) (int, error) {
	files, err := filepath.Glob(filepath.Join(dir, "journal-*.jsonl"))
	if err != nil {
		return 0, err
	}
	checked := 0
	for _, path := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "journal-"), ".jsonl")
		n, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return 0, err
		}
		file, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<17)
		for ; lines.Scan() && n < size; n++ {
			if tlog.RecordHash(lines.Bytes()) != hashes[tlog.StoredHashIndex(0, n)] {
				return 0, fmt.Errorf("%s: line of entry %d differs from the entry", path, n)
			}
			checked++
		}
		file.Close()
		if err := lines.Err(); err != nil {
			return 0, err
		}
	}
	return checked, nil
}

type proofFile struct {
	Inclusion []struct {
		Index      int64
		Entry      string
		Size       int64
		Root       tlog.Hash
		Proof      []tlog.Hash
		Checkpoint string
	}
	Consistency []struct {
		OldSize    int64     `json:"old_size"`
		OldRoot    tlog.Hash `json:"old_root"`
		NewSize    int64     `json:"new_size"`
		NewRoot    tlog.Hash `json:"new_root"`
		Proof      []tlog.Hash
		Checkpoint *string
	}
}

func checkProofs(path string, verifier note.Verifier) (int, error) {
	if path == "" {
		return 0, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	var proofs proofFile
	if err := json.Unmarshal(text, &proofs); err != nil {
		return 0, err
	}
	for _, p := range proofs.Inclusion {
		tree, err := openCheckpoint([]byte(p.Checkpoint), verifier)
		if err != nil {
			return 0, fmt.Errorf("inclusion of %d: %w", p.Index, err)
		}
		if tree.N != p.Size || tree.Hash != p.Root {
			return 0, fmt.Errorf("inclusion of %d: the checkpoint is of another tree", p.Index)
		}
		if err := tlog.CheckRecord(p.Proof, tree.N, tree.Hash, p.Index, tlog.RecordHash([]byte(p.Entry))); err != nil {
			return 0, fmt.Errorf("inclusion of %d: %w", p.Index, err)
		}
	}
	for _, p := range proofs.Consistency {
		if p.Checkpoint != nil {
			tree, err := openCheckpoint([]byte(*p.Checkpoint), verifier)
			if err != nil || tree.N != p.NewSize || tree.Hash != p.NewRoot {
				return 0, fmt.Errorf("consistency of %d and %d: the checkpoint is of another tree", p.OldSize, p.NewSize)
			}
		}
		if err := tlog.CheckTree(p.Proof, p.NewSize, p.NewRoot, p.OldSize, p.OldRoot); err != nil {
			return 0, fmt.Errorf("consistency of %d and %d: %w", p.OldSize, p.NewSize, err)
		}
	}
	return len(proofs.Inclusion) + len(proofs.Consistency), nil
}

// index is the path of the n-th tile of a level (C2SP tlog-tiles, "Merkle Tree").
func index(n, width int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < 1<<height {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}
