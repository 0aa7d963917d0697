@c(LLVMFuzzerTestOneInput)
func tryOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    0
}
