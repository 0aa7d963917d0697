import Glibc
import VaultModel

/// The token that a command speaks with.
enum TokenSource {
    /// From a file, or from `KEYSTOW_TOKEN`.
    static func read(file: String?) throws(CommandFailure) -> SecretBytes {
        var text = WipedBuffer(capacity: 64)
        if let file {
            guard let stream = unsafe fopen(file, "re") else { throw CommandFailure("cannot read \(file)", .noInput) }
            defer { unsafe fclose(stream) }
            while case let byte = unsafe getc(stream), byte >= 0, text.count < 256 {
                if byte > 0x20 { text.append(UInt8(truncatingIfNeeded: byte)) }
            }
        } else if let value = unsafe getenv("KEYSTOW_TOKEN") {
            unsafe text.append(UnsafeRawBufferPointer(start: value, count: strlen(value)))
        } else {
            throw CommandFailure("which token? Set KEYSTOW_TOKEN or give --token-file", .usage)
        }
        do {
            return try text.withBytes { bytes throws(SecretMemoryExhausted) in
                guard TokenText.check(bytes) != nil else { throw SecretMemoryExhausted() }
                return try SecretBytes(copying: bytes)
            }
        } catch {
            throw CommandFailure("that is not a Keystow token; it is mistyped or cut short", .configuration)
        }
    }
}
