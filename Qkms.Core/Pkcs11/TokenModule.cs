using System.Reflection;
using System.Runtime.InteropServices;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using LowLevel = Net.Pkcs11Interop.LowLevelAPI80;

namespace Qkms.Core.Pkcs11;

/// <summary>
/// A PKCS #11 module (OASIS PKCS #11 3.0): loads it, finds a key in one of its tokens, has the key used, and leaves nothing open behind.
/// What a module knows belongs to the whole process, so that only one visit at a time is made.
/// </summary>
internal static class TokenModule
{
    private static readonly Lock _oneAtATime = new();
    private static readonly Pkcs11InteropFactories _factories = new();

    // The library asks for "libdl", which is a file of the C library's development package only; the functions are in the process already.
    static TokenModule() => NativeLibrary.SetDllImportResolver(
        typeof(LowLevel.Pkcs11Library).Assembly,
        (string name, Assembly _, DllImportSearchPath? _) => name == "libdl" ? NativeLibrary.GetMainProgramHandle() : 0);

    /// <summary>Logs in to a token, once, has its key used, and logs out. The module is closed when this answers or throws.</summary>
    /// <param name="modulePath">The absolute path of the module.</param>
    /// <param name="uri">The token and the key.</param>
    /// <param name="pin">The PIN of the token's user.</param>
    /// <param name="use">What is done with the key.</param>
    /// <exception cref="TokenException">The module, the token, the PIN or the key cannot be used.</exception>
    public static T Use<T>(string modulePath, TokenKeyUri uri, SecretBytes pin, Func<TokenKey, T> use)
    {
        // The structures of 64-bit Linux and macOS; others have other ones, on which this was never tried.
        if (Platform.NativeULongSize != sizeof(ulong) || Platform.StructPackingSize != 0)
            throw new TokenException("Root keys in PKCS #11 tokens need a 64-bit Linux.");

        CheckPath(modulePath);
        lock (_oneAtATime)
        {
            try
            {
                using IPkcs11Library module = Load(modulePath);
                using LowLevel.Pkcs11Library lowLevel = new(modulePath);
                ISlot slot = FindSlot(module, uri);
                if (TokenPin.FindProblem(slot.GetTokenInfo().TokenFlags.Flags) is { } problem)
                    throw new TokenException($"The token of {uri} takes no PIN now: {problem}.");

                using ISession session = slot.OpenSession(SessionType.ReadOnly);
                TokenPin.Login(session, pin, uri);
                try
                {
                    return use(TokenKey.Find(_factories, session, lowLevel, uri));
                }
                finally
                {
                    Logout(session);
                }
            }
            catch (Pkcs11Exception e)
            {
                throw new TokenException($"The PKCS #11 module '{modulePath}' answers {e.Method} with {e.RV}, for {uri}.");
            }
        }
    }

    private static IPkcs11Library Load(string path)
    {
        try
        {
            return _factories.Pkcs11LibraryFactory.LoadPkcs11Library(_factories, path, AppType.MultiThreaded);
        }
        catch (Exception e) when (e is UnmanagedException or DllNotFoundException or BadImageFormatException)
        {
            throw new TokenException($"The PKCS #11 module '{path}' ({TokenVariables.Module}) cannot be loaded: {e.Message}.");
        }
        catch (Pkcs11Exception e)
        {
            throw new TokenException(
                $"The PKCS #11 module '{path}' ({TokenVariables.Module}) does not begin its work: {e.Method} answers {e.RV}. Look at what "
                + "it needs itself: a configuration of its own, a daemon, a device.");
        }
    }

    // Whoever can exchange the file has this process do anything.
    private static void CheckPath(string path)
    {
        string named = $"The PKCS #11 module '{path}' ({TokenVariables.Module})";
        if (!Path.IsPathFullyQualified(path))
            throw new TokenException($"{named} is not an absolute path: which file a shorter name means depends on who asks.");

        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
                throw new TokenException($"{named} cannot be loaded: there is no such file.");

            TrustedPath.CheckWayTo(path);
            string target = file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
            TrustedPath.CheckWayTo(target);
            TrustedPath.CheckFile(target);
            if (!OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(target) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
                throw new TokenException($"{named} can be written by other users. Close it: chmod go-w {target}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenException($"{named} is not loaded: {e.Message}");
        }
    }

    private static ISlot FindSlot(IPkcs11Library module, TokenKeyUri uri)
    {
        List<ISlot> found = [];
        foreach (ISlot slot in module.GetSlotList(SlotsType.WithTokenPresent))
        {
            ITokenInfo token = slot.GetTokenInfo();
            if (uri.IsIn(token.Label, token.SerialNumber, token.ManufacturerId, token.Model))
                found.Add(slot);
        }

        return found.Count switch
        {
            1 => found[0],
            0 => throw new TokenException(
                $"The token of {uri} is not there: no slot of the PKCS #11 module has it. Plug it in, or start what serves it."),
            _ => throw new TokenException($"{found.Count} tokens are named by {uri}: add serial= to say which one is meant."),
        };
    }

    // The session is closed in any case, and with the last one the token forgets who has logged in.
    private static void Logout(ISession session)
    {
        try
        {
            session.Logout();
        }
        catch (Pkcs11Exception)
        {
        }
    }
}
