import Glibc
import VaultCrypto

/// Where the program begins: understand what is asked, read the configuration, do it, say how it went.
@main
struct Keystow {
    static func main() async {
        ProcessMemory.forbidDumps()
        // Before all else, while there is only one thread: a master key in the environment is not to be seen by others.
        let environment = ProcessEnvironment.current()
        let code: ExitCode
        do throws(UsageFault) {
            let command = try CommandLineArguments.parse(Array(CommandLine.arguments.dropFirst()))
            code = await run(command, environment: environment)
        } catch {
            let help = error.topic == .keystow ? "keystow --help" : "keystow \(error.topic.rawValue) --help"
            Console.tell(error.message)
            Console.tell("`\(help)` tells more")
            code = .usage
        }
        exit(code.rawValue)
    }

    private static func run(_ command: Command, environment: ProcessEnvironment) async -> ExitCode {
        do throws(CommandFailure) {
            switch command {
            case .help(let topic): return Console.say(String(topic.page.dropLast()))
            case .version(let asJSON): return Console.say(Version.line(asJSON: asJSON))
            case .serve(let flags, let user):
                guard let configuration = configuration(environment, flags) else { return .configuration }
                return try await ServeCommand.run(configuration, connect: user)
            case .initialize(let flags, let withRecoveryKey):
                guard let configuration = configuration(environment, flags) else { return .configuration }
                return try await InitCommand.run(configuration, withRecoveryKey: withRecoveryKey)
            case .doctor(let flags, let asJSON, let egress):
                guard let configuration = configuration(environment, flags) else { return .configuration }
                return try await DoctorCommand.run(configuration, asJSON: asJSON, egress: egress)
            case .token(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await TokenRunner.run(command, configuration)
            case .keys(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await KeysRunner.run(command, configuration)
            case .connect(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await ConnectRunner.run(command, configuration)
            case .importKeys(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await ImportRunner.run(command, configuration)
            case .rebind(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await RebindRunner.run(command, configuration)
            case .rekey(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await RekeyRunner.run(command, configuration)
            case .recovery(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await RecoveryRunner.run(command, configuration)
            case .audit(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await AuditRunner.run(command, configuration)
            case .backup(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await BackupRunner.run(command, configuration)
            case .restore(let command):
                guard let configuration = configuration(environment, command.flags) else { return .configuration }
                return try await RestoreRunner.run(command, configuration)
            }
        } catch {
            Console.tell(error.message)
            return error.code
        }
    }

    /// The configuration, or `nil` after every fault has been told.
    private static func configuration(_ environment: ProcessEnvironment, _ flags: SettingFlags) -> Configuration? {
        do throws(Configuration.Faults) {
            let configuration = try Configuration(environment: environment, flags: flags)
            configuration.claimDescriptors()
            for warning in configuration.warnings { Console.tell("warning: \(warning)") }
            return configuration
        } catch {
            for warning in error.warnings { Console.tell("warning: \(warning)") }
            for fault in error.faults { Console.tell(fault) }
            return nil
        }
    }
}
