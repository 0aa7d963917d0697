import HTTPServer
import VaultModel
import VaultService

enum BackupRoutes {
    private static let mediaType = "application/octet-stream"

    static let all: [Route] = [
        {
            var route = Route(
                "POST", "/v1/backup", .instance(.keyringWrite), "Make a backup of the vault, and hand it out.",
                successes: [
                    .file(
                        mediaType,
                        "A line of JSON that says what it is, a line with its MAC, and the database to the end.")
                ]
            ) { call in
                let backup = try await call.vault.backup(call.context)
                var head = WipedBuffer(capacity: backup.head.count)
                head.append(backup.head)
                var answer = Answer(200, body: head)
                answer.contentType = mediaType
                answer.file = ResponseFile(backup.file, length: backup.manifest.databaseBytes, owner: backup)
                return answer
            }
            route.produces = [mediaType]
            return route
        }()
    ]
}
