import Glibc

/// Made once.
// Unchecked: libFuzzer calls on one thread.
nonisolated(unsafe) private let trial = Result { try chosenTrial() }

@c(LLVMFuzzerTestOneInput)
func tryOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do {
        let trial = try trial.get()
        let input = Array(UnsafeBufferPointer(start: start, count: count))
        let beginning = processorNanoseconds()
        try trial.run(input)
        require(processorNanoseconds() - beginning < 100_000_000, "an input takes less than a tenth of a second")
    } catch {
        require(false, "a trial has what it needs")
    }
    return 0
}

/// How long this thread has computed: what else the machine does is no part of it.
private func processorNanoseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
