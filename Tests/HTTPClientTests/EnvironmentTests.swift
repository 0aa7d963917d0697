import Glibc
import HTTPClient
import Testing
import VaultModel

/// What the environment says to curl and OpenSSL has no effect; each in a process of its own.
///
/// Every test also shows that its variables do have one on whoever heeds them.
struct EnvironmentTests {
    private static let fine = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    /// A folder of its own with `files` in it, removed when the process ends.
    private static func folder(_ files: [String: String]) -> String {
        var template = Array("/tmp/keystow-home-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return "" }
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        for (name, text) in files {
            guard let file = fopen("\(path)/\(name)", "w") else { continue }
            fputs(text, file)
            fclose(file)
        }
        return path
    }

    @Test func `V05 proxies of the environment are not used`() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer(on: "127.0.0.2", answering: EnvironmentTests.fine)
            let server = try RawServer(answering: EnvironmentTests.fine)
            // Nobody speaks TLS here; what counts is who is called.
            let mute = try RawServer { _ in }
            for form in ["http://", "https://", "socks4a://", "socks5h://", ""] {
                for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                    setenv(name, form + proxy.authority, 1)
                }
                for exempt in ["", "example.com", "*"] {
                    for name in ["no_proxy", "NO_PROXY"] { setenv(name, exempt, 1) }
                    let client = try HTTPClient()
                    #expect(try await client.send(try call(server.url)).status == 200)
                    #expect(await client.failure(of: try call("https://\(mute.authority)/")) != nil)
                }
            }
            #expect(proxy.connections == 0 && server.connections == 15 && mute.connections == 15)

            for name in ["no_proxy", "NO_PROXY"] { unsetenv(name) }
            PlainCurl.call(server.url)
            PlainCurl.call("https://\(mute.authority)/")
            #expect(proxy.connections == 2 && server.connections == 15 && mute.connections == 15)
        }
    }

    @Test func `V05 files of settings and passwords that the environment names are not read`() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer(on: "127.0.0.2", answering: EnvironmentTests.fine)
            let server = try RawServer(answering: EnvironmentTests.fine)
            let settings = "proxy = \"http://\(proxy.authority)\"\nlocation\ninsecure\nheader = \"x-more: 1\"\n"
            let passwords = "machine 127.0.0.1 login somebody password somewhere\n"
            let folder = EnvironmentTests.folder([".curlrc": settings, "curlrc": settings, ".netrc": passwords])
            for name in ["HOME", "CURL_HOME", "XDG_CONFIG_HOME"] { setenv(name, folder, 1) }
            setenv("NETRC", folder + "/.netrc", 1)
            let client = try HTTPClient()
            for method in [OutgoingRequest.Method.get, .post, .delete] {
                #expect(try await client.send(try call(server.url, method)).status == 200)
            }
            #expect(proxy.connections == 0 && server.connections == 3)
            #expect(server.requests.allSatisfy { !$0.lowercased().contains("authorization") && !$0.contains("x-more") })

            PlainCurl.call(server.url, withNetrc: true)
            #expect(server.requests.last?.contains("\r\nAuthorization: Basic ") == true)
            for name in [".curlrc", "curlrc", ".netrc"] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
    }

    @Test func `V05 certificates and key logs of the environment have no effect`() async throws {
        await #expect(processExitsWith: .success) {
            let server = try await TLSServer()
            let folder = EnvironmentTests.folder([:])
            #expect(system("cp \(server.certificate) \(folder) && openssl rehash \(folder)") == 0)
            for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] { setenv(name, server.certificate, 1) }
            setenv("SSL_CERT_DIR", folder, 1)
            setenv("SSLKEYLOGFILE", server.path("keylog"), 1)
            #expect(await (try HTTPClient()).failure(of: try call(server.url)) == .tls)
            #expect(await !server.output().contains(sampleKey))

            // Whoever heeds them trusts that server's like, by the file and by the folder.
            for unheeded in ["SSL_CERT_DIR", "SSL_CERT_FILE"] {
                let like = try await TLSServer()
                #expect(!like.isReached("-verify_return_error"))
                setenv("SSL_CERT_FILE", like.certificate, 1)
                #expect(system("cp \(like.certificate) \(folder) && openssl rehash \(folder)") == 0)
                #expect(like.isReached("-verify_return_error"), "without \(unheeded)")
            }

            let second = try await TLSServer()
            let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: second.certificate))
            #expect(try await client.send(try call(second.url)).status == 200)
            #expect(access(server.path("keylog"), F_OK) != 0)
            #expect(system("rm -r \(folder)") == 0)
        }
    }

    @Test func `V05 OpenSSL's settings of the environment do not make a call readable`() async throws {
        await #expect(processExitsWith: .success) {
            // It encrypts nothing: what it is sent, everybody on the way can read.
            let server = try await TLSServer(.unencrypted)
            let spoken = try await TLSServer(.unencrypted)
            let folder = EnvironmentTests.folder([
                "openssl.cnf": """
                openssl_conf = main
                [main]
                ssl_conf = settings
                [settings]
                system_default = weak
                [weak]
                MinProtocol = TLSv1
                CipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0

                """
            ])
            setenv("OPENSSL_CONF", folder + "/openssl.cnf", 1)
            let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.certificate))
            #expect(await client.failure(of: try call(server.url)) == .tls)
            #expect(await !server.output().contains(sampleKey))

            #expect(spoken.isReached("-tls1_2"))
            #expect(system("rm -r \(folder)") == 0)
        }
    }
}
