# Keystow's work, by name. `make` alone prints this list.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SWIFT := $(or $(shell command -v swift),/opt/swift/usr/bin/swift)
CODE := $(wildcard Package.swift Sources Tests Migrations)
RELEASE := .build/release
EVENTS := .build/test-events.jsonl
DEB_PROGRAM := .build/deb/program/release/keystow
COUNT := 200
SECONDS := 60
ENTRIES := 1000000
KEYS := 100000
KILLS := 100
# These have their own where none is given.
FLOOD_SECONDS = $(if $(filter command line,$(origin SECONDS)),$(SECONDS),20)
MALFORMED_COUNT = $(if $(filter command line,$(origin COUNT)),$(COUNT),1000000)
CORRUPTION_COUNT = $(if $(filter command line,$(origin COUNT)),$(COUNT),100000)
REQUESTS := 20000
RUNS := 1000
SEED := 1
# What computes for long without a pause, so that others' calls would not be answered in time: run after all others.
LONG_TESTS := (Randomness|Refusal|Encoding|BlindIndex|SealedRow|IndependentReader|Shredding|StorageFault|PowerLoss|Corruption$\
	|FullDisk|ProgramFault|LibraryFault|VersionWalk|MemoryResidue|SecretsDoNotPrint|Rekey|RekeyProgram|BackupProgram$\
	|RecoveryProgram|WrongMasterKey|MasterKeyCommand|MasterKeySource|InterruptedMigration|FullHeap)Tests
# Where threads meet: the tests whose names speak of it, by regular expression.
TSAN_TESTS := [Cc]oncurren|at once|[Tt]hread|in parallel|race

# What libFuzzer calls: built for release, with the checks that hold in every build, and with tests' view inside.
FUZZ_FLAGS := -c release --sanitize=fuzzer --scratch-path .build/fuzz -Xswiftc -parse-as-library -Xswiftc -enable-testing

# How often each measurement is made, but for the walk, which takes far longer.
MEASURE_COUNT = $(if $(filter command line,$(origin COUNT)),$(COUNT),10000000)

.PHONY: help run demo soak rekey remaster power-loss faults corruption crowd audit revoke measure flood malformed programs test \
	browser-test schemathesis tsan fuzz docs deb deb-program deb-test deps vectors format lint \
	build clean

help: ## print this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: deps ## build for release, serve with data in ./keystow-data, print a link to try
	$(SWIFT) build -c release --product keystow
	@exec $(RELEASE)/keystow serve --connect you

demo: programs ## run the whole story once against a stand-in provider, and check it
	@exec python3 Tests/Demo/demo.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox

soak: programs ## kill -9 the server COUNT times (200) at random moments, and look what is left
	@exec python3 Tests/Soak/kill9.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox --count $(COUNT)

rekey: programs ## move KEYS (100000) secrets to new KEK terms under load, and kill -9 the server KILLS times (100) in the midst of it
	@exec python3 Tests/Soak/rekey.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox --keys $(KEYS) --kills $(KILLS)

remaster: programs ## replace the master key and kill -9 the server in the midst of it, KILLS times (1000)
	@exec python3 Tests/Soak/remaster.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox \
		--kills $(if $(filter command line,$(origin KILLS)),$(KILLS),1000)

power-loss: deps vectors ## take the power RUNS times (1000) from a disk that is played, from SEED (1) on, and look what is left
	$(SWIFT) build --build-tests
	KEYSTOW_POWER_LOSS_RUNS=$(RUNS) KEYSTOW_POWER_LOSS_SEED=$(SEED) \
		$(SWIFT) test --skip-build --disable-xctest --filter PowerLossTests

faults: deps vectors ## let every call to the disk fail in turn, for each of twenty-one acts
	$(SWIFT) build --build-tests
	KEYSTOW_ALL_FAULTS=1 $(SWIFT) test --skip-build --disable-xctest --filter StorageFaultTests

corruption: deps vectors ## change bytes of a vault's files, COUNT times (100000), from SEED (1) on, and ask for everything
	$(SWIFT) build --build-tests
	KEYSTOW_CORRUPTION_COUNT=$(CORRUPTION_COUNT) KEYSTOW_CORRUPTION_SEED=$(SEED) \
		$(SWIFT) test --skip-build --disable-xctest --filter CorruptionTests

crowd: programs ## let 64 clients read, write and rotate at once for SECONDS (60)
	@exec python3 Tests/Soak/crowd.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox --seconds $(SECONDS)

flood: programs ## let hordes of slow, idle and endless callers loose for SECONDS (20) each, and look how others fare
	@exec python3 Tests/Soak/flood.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox --seconds $(FLOOD_SECONDS)

malformed: programs ## send a million malformed requests (COUNT) over raw sockets
	@exec python3 Tests/Soak/malformed.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox --count $(MALFORMED_COUNT)

audit: programs ## make an audit log of ENTRIES (1000000), and say how fast it grows and is verified
	@exec python3 Tests/Soak/longlog.py $(RELEASE)/keystow --count $(ENTRIES)

revoke: programs ## revoke COUNT keys (100000) at once, and look how soon they are gone and how others fare
	@exec python3 Tests/Soak/massrevoke.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox \
		--count $(if $(filter command line,$(origin COUNT)),$(COUNT),100000)

measure: deps ## ten million seals and timed comparisons (COUNT), a million encodings, and a long walk; alone on its machine
	KEYSTOW_MEASURE=1 $(SWIFT) build -c release -Xswiftc -enable-testing --scratch-path .build/measure --product measure
	@exec .build/measure/release/measure seals $(MEASURE_COUNT) compare $(MEASURE_COUNT) refusals 100000 \
		encodings 1000000 indexes 1000000 walk 100000

programs: deps
	$(SWIFT) build -c release --product keystow
	$(SWIFT) build -c release --product keystow-sandbox

test: deps vectors lint ## lint, build with warnings as errors, run every test, count them
	$(SWIFT) build --build-tests
	@rm -f $(EVENTS) $(EVENTS).long
	@status=0; \
	$(SWIFT) test --skip-build --disable-xctest --skip '$(LONG_TESTS)' \
		--event-stream-output-path $(EVENTS) --event-stream-version 0 || status=$$?; \
	$(SWIFT) test --skip-build --disable-xctest --filter '$(LONG_TESTS)' \
		--event-stream-output-path $(EVENTS).long --event-stream-version 0 || status=$$?; \
	python3 .ci/tally $(EVENTS) $(EVENTS).long && exit $$status

browser-test: programs .build/browser-venv/.stamp ## drive the connect page in a real browser, by mouse and by keys alone
	@.ci/deps browser
	@exec .build/browser-venv/bin/python3 Tests/Browser/run.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox

.build/browser-venv/.stamp: Tests/Browser/requirements.txt .ci/browser | deps
	.ci/browser

schemathesis: programs .build/schemathesis-venv/.stamp ## try at least REQUESTS (20000) made-up requests, with every check there is
	@exec python3 Tests/Schemathesis/run.py $(RELEASE)/keystow $(RELEASE)/keystow-sandbox \
		.build/schemathesis-venv/bin/schemathesis --requests $(REQUESTS)

.build/schemathesis-venv/.stamp: Tests/Schemathesis/requirements.txt .ci/schemathesis | deps
	.ci/schemathesis

tsan: deps vectors ## run the tests about concurrency under the thread sanitizer
	@.ci/thread-sanitizer/prepare $(SWIFT) .build/thread-sanitizer
	$(SWIFT) build --build-tests --sanitize=thread --scratch-path .build/tsan
	@rm -f $(EVENTS).tsan
	@status=0; \
	LD_PRELOAD=$(CURDIR)/.build/thread-sanitizer/mutex.so TSAN_OPTIONS=exitcode=66 \
	$(SWIFT) test --skip-build --sanitize=thread --scratch-path .build/tsan --disable-xctest --filter '$(TSAN_TESTS)' \
		--event-stream-output-path $(EVENTS).tsan --event-stream-version 0 || status=$$?; \
	python3 .ci/tally $(EVENTS).tsan && exit $$status

fuzz: deps ## let libFuzzer make up input for whatever reads some, SECONDS (60) for each of TRIALS (all)
	KEYSTOW_FUZZ=1 $(SWIFT) build $(FUZZ_FLAGS) --product fuzz
	@Tests/Fuzz/run .build/fuzz $(SECONDS) $(TRIALS)

deb: deb-program ## make the Debian package, in .build/deb
	@.ci/deb/build $(DEB_PROGRAM)

deb-test: deb-program ## install, upgrade, remove and purge the package in a Debian of its own (needs root)
	@.ci/deps deb-test
	@older=$$(.ci/deb/build $(DEB_PROGRAM) 1); newer=$$(.ci/deb/build $(DEB_PROGRAM) 2); exec .ci/deb/test "$$older" "$$newer"

deb-program: deps
	@.ci/deps deb
	$(SWIFT) build -c release --static-swift-stdlib --product keystow --scratch-path .build/deb/program

docs: deps ## write docs/api.md anew from the server's route table
	$(SWIFT) build --build-tests
	KEYSTOW_WRITE_DOCS=1 $(SWIFT) test --skip-build --disable-xctest --filter ReferenceTests

deps: ## install what is missing to build and test, from Debian's packages
	@.ci/deps

vectors: .build/vectors/.stamp ## take the published test vectors, pinned by hash, into .build/vectors

.build/vectors/.stamp: Tests/vectors.txt .ci/vectors | deps
	.ci/vectors

format: ## rewrite the code in the house style
	$(SWIFT) format --in-place --recursive --parallel $(CODE)

lint: ## check the house style
	$(SWIFT) format lint --strict --recursive --parallel $(CODE)

build: deps ## build everything for release, into .build/release
	$(SWIFT) build -c release

clean: ## remove what was built and downloaded; data stays
	rm -rf .build
