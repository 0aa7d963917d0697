import Glibc

/// A line for the shell.
package enum Shell {
    /// Runs it; what it printed, and its exit code.
    package static func run(_ line: String) async throws -> (code: Int32, output: String) {
        try await Threads.run {
            guard let pipe = popen(line, "r") else { throw TestKitFailure("no shell") }
            var output: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { output += chunk[..<count] }
            let status = pclose(pipe)
            return (
                status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F, String(decoding: output, as: UTF8.self)
            )
        }
    }
}
