namespace Qkms.Core.Pkcs11;

/// <summary>
/// A token, its module or the URI of its key cannot be used: one line that says what is wrong and how to repair it. Never the PIN, and
/// never a key.
/// </summary>
internal sealed class TokenException(string message) : Exception(message);
