using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Qkms.Core.Pkcs11;

/// <summary>
/// Logs in to a token. A few wrong PINs lock one, so that nothing is tried twice here, and the last attempt is left to people.
/// </summary>
internal static class TokenPin
{
    /// <summary>The longest PIN that is taken, in bytes.</summary>
    public const int MaxLength = 255;

    /// <summary>Why the token must not be given a PIN now, as the end of a sentence; null where it may.</summary>
    /// <param name="flags">The flags of the token: CKF_… of PKCS #11, table 9 of the base specification 3.0.</param>
    public static string? FindProblem(ulong flags)
    {
        if (Has(CKF.CKF_USER_PIN_LOCKED))
            return "it is locked after wrong ones, and its security officer can unlock it";

        if (!Has(CKF.CKF_USER_PIN_INITIALIZED))
            return "none was set for its user";

        if (Has(CKF.CKF_USER_PIN_FINAL_TRY))
            return "one more wrong one would lock it. Nothing was tried; log in with another program once, which gives the attempts back";

        return Has(CKF.CKF_USER_PIN_TO_BE_CHANGED) ? "its user has to change it first" : null;

        bool Has(ulong flag) => (flags & flag) != 0;
    }

    /// <summary>Gives the token its PIN, once.</summary>
    /// <exception cref="TokenException">It is a wrong one, or the token is locked.</exception>
    /// <exception cref="Pkcs11Exception">The token refuses for another reason.</exception>
    public static void Login(ISession session, SecretBytes pin, TokenKeyUri uri)
    {
        // Pinned, so that no copy of it stays where the collector has moved it from.
        byte[] copy = GC.AllocateUninitializedArray<byte>(pin.Length, pinned: true);
        try
        {
            pin.Span.CopyTo(copy);
            session.Login(CKU.CKU_USER, copy);
        }
        catch (Pkcs11Exception e) when (e.RV is CKR.CKR_PIN_INCORRECT or CKR.CKR_PIN_INVALID or CKR.CKR_PIN_LEN_RANGE)
        {
            throw new TokenException(
                $"The PIN is not that of the token of {uri} ({e.RV}). It was tried once: a few wrong ones lock a token, so repair it "
                + "before the next start.");
        }
        catch (Pkcs11Exception e) when (e.RV is CKR.CKR_PIN_LOCKED)
        {
            throw new TokenException($"The token of {uri} takes no PIN now: it is locked after wrong ones ({e.RV}).");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }
}
