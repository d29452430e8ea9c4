namespace Qkms.Core.Pkcs11;

/// <summary>
/// The variables of the environment that say which key in which token may open an installation. No row of a database does: whoever can
/// write there must not have this process load a library, or show its PIN to another token.
/// </summary>
internal static class TokenVariables
{
    /// <summary>The variable with the absolute path of the PKCS #11 module.</summary>
    public const string Module = "QKMS_PKCS11_MODULE";

    /// <summary>The variable with the URI of the key.</summary>
    public const string Uri = "QKMS_PKCS11_URI";

    /// <summary>The variable that names the file of the PIN.</summary>
    public const string Pin = "QKMS_PKCS11_PIN_FILE";
}
