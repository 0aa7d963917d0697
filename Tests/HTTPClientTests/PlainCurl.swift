import CCurl

/// libcurl as it comes, which heeds the environment: it shows that what a test puts there would have had an effect.
enum PlainCurl {
    /// Asks `url` for its head; what comes of it is seen at the servers.
    static func call(_ url: String, withNetrc: Bool = false) {
        guard let easy = curl_easy_init() else { return }
        defer { curl_easy_cleanup(easy) }
        _ = ccurl_set_text(easy, CURLOPT_URL, url)
        _ = ccurl_set_long(easy, CURLOPT_NOBODY, 1)
        _ = ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        _ = ccurl_set_long(easy, CURLOPT_TIMEOUT, 10)
        if withNetrc { _ = ccurl_set_long(easy, CURLOPT_NETRC, Int(CURL_NETRC_OPTIONAL.rawValue)) }
        curl_easy_perform(easy)
    }
}
