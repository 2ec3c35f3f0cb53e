import COpenSSL
import Glibc

/// Texts for what OpenSSL and the kernel report.
enum OpenSSLFailure {
    /// The text of an entry of OpenSSL's error queue.
    static func text(_ error: CUnsignedLong) -> String {
        if ERR_GET_LIB(error) == ERR_LIB_SYS { return systemText(ERR_GET_REASON(error)) }
        guard let reason = ERR_reason_error_string(error) else { return "OpenSSL error \(error)" }
        return String(cString: reason)
    }

    static func systemText(_ number: CInt) -> String {
        guard number != 0, let text = strerror(number) else { return "unknown reason" }
        return String(cString: text)
    }

    /// An error of OpenSSL's own making, from what its queue says.
    static func library(_ action: String) -> TLSError {
        TLSError(
            .library, "OpenSSL could not \(action): \(text(ERR_peek_last_error()))",
            hint: "check the memory limit and the system's OpenSSL configuration")
    }
}
