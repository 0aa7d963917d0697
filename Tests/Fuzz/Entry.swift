import Glibc

/// Made once; libFuzzer calls on one thread.
private let trial = Result { try Trial() }

@c(LLVMFuzzerTestOneInput)
func tryOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do {
        try trial.get().run(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        require(false, "the catalogue is read and the secure heap has room")
    }
    return 0
}

/// Ends the process, and so the run of the fuzzer, when something that must hold does not.
func require(_ holds: Bool, _ what: StaticString) {
    guard !holds else { return }
    let said = "fuzz: it does not hold that \(what)\n"
    _ = said.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    abort()
}
