import Dispatch
import HTTPServer

#if canImport(Glibc)
import Glibc
#endif

/// The command: listens, says where, and answers until it is interrupted.
@main
struct Sandbox {
    static func main() async {
        let invocation: Invocation
        do throws(Invocation.Misuse) {
            invocation = try Invocation(Array(CommandLine.arguments.dropFirst()))
        } catch {
            complain("\(error.message)\n\n\(Invocation.usage)")
            exit(EX_USAGE)
        }
        switch invocation {
        case .help: print(Invocation.usage, terminator: "")
        case .listen(let address, let port): exit(await serve(address: address, port: port))
        }
    }

    /// - Returns: the exit code.
    private static func serve(address: String, port: UInt16) async -> Int32 {
        var limits = ServerLimits()
        // As long as a key that contains `hang` is left without an answer.
        limits.requestSeconds = 60
        limits.stopSeconds = 0
        do {
            let standIns = try StandIns(log: .standardError)
            let listener = try Listener(address: address, port: port, limits: limits, responder: standIns)
            let host = address.contains(":") ? "[\(address)]" : address
            print("{\"listening\":\"http://\(host):\(listener.port)\"}")
            // Whoever waits for that line reads from a pipe.
            fflush(nil)
            let running = Task { try await listener.run() }
            await interruption()
            running.cancel()
            try await running.value
            return EX_OK
        } catch ServerError.cannotListen(let code) {
            complain("cannot listen on \(address):\(port): \(unsafe String(cString: strerror(code)))\n")
            return EX_UNAVAILABLE
        } catch ServerError.invalidAddress {
            complain("not a numeric address: \(address)\n")
            return EX_USAGE
        } catch {
            complain("\(error)\n")
            return EX_SOFTWARE
        }
    }

    /// Waits for SIGINT or SIGTERM.
    private static func interruption() async {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
        for await _ in signals { break }
        withExtendedLifetime(sources) {}
    }

    private static func complain(_ text: String) {
        RequestLog.standardError.write("keystow-sandbox: \(text)")
    }
}
