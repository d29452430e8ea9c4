using System.Diagnostics;
using System.Text.RegularExpressions;
using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.Support;

/// <summary>
/// SoftHSM 2, a token in files, of one test alone, with its one token <see cref="Token"/>. What a service asks of it, OpenSC's pkcs11-spy
/// writes down where a test wants that.
/// </summary>
internal sealed partial class SoftHsm : IDisposable
{
    /// <summary>The label of the token.</summary>
    public const string Token = "qkms test";

    /// <summary>The PIN of its user.</summary>
    public const string Pin = "4-2-8-5-7-1-pin";

    private const string Module = "/usr/lib/softhsm/libsofthsm2.so";
    private const string Usual = "CKA_SENSITIVE CKA_ENCRYPT CKA_DECRYPT";

    private static readonly string? _spy = FindSpy();

    private readonly TemporaryDirectory _directory = new();
    private int _spied;

    public SoftHsm()
    {
        Directory.CreateDirectory(_directory.File("tokens"));
        _directory.Write("softhsm2.conf", $"directories.tokendir = {_directory.File("tokens")}\nobjectstore.backend = file\n");
        _directory.Write("pin", Pin + "\n");
        Util("--init-token", "--free", "--label", Token, "--so-pin", "so-pin-12345", "--pin", Pin);
    }

    /// <summary>The reason for which tests that need it are skipped, or null.</summary>
    public static string? MissingReason { get; } =
        File.Exists(Module) && Shell.Try("softhsm2-util", "--version") && FindSpy() is not null && File.Exists("/usr/bin/pkcs11-tool")
            ? null
            : "There is no SoftHSM here, or no OpenSC: install softhsm2 and opensc.";

    /// <summary>The URI of a key in the token.</summary>
    public static string UriOf(string key) => $"pkcs11:token=qkms%20test;object={key}";

    /// <summary>What a process needs to be able to use a key of the token, but for the URI.</summary>
    public Dictionary<string, string?> Environment() => new()
    {
        ["SOFTHSM2_CONF"] = _directory.File("softhsm2.conf"),
        ["QKMS_PKCS11_MODULE"] = Module,
        ["QKMS_PKCS11_PIN_FILE"] = _directory.File("pin"),
    };

    /// <summary>The same with the URI of a key.</summary>
    /// <param name="key">The label of the key.</param>
    /// <param name="pin">The PIN; the right one unless given.</param>
    public Dictionary<string, string?> Environment(string key, string? pin = null)
    {
        Dictionary<string, string?> environment = Environment();
        environment["QKMS_PKCS11_URI"] = UriOf(key);
        if (pin is not null)
            environment["QKMS_PKCS11_PIN_FILE"] = _directory.Write("other-pin", pin);

        return environment;
    }

    /// <summary>Has everything that is asked of the token written down: the calls, to be read when the process has asked.</summary>
    public Func<string[]> SpyOn(Dictionary<string, string?> environment)
    {
        string log = _directory.File($"spy-{_spied++}");
        environment["QKMS_PKCS11_MODULE"] = _spy;
        environment["PKCS11SPY"] = Module;
        environment["PKCS11SPY_OUTPUT"] = log;
        return () => !File.Exists(log) ? [] : [.. Call().Matches(File.ReadAllText(log)).Select(call => call.Groups["call"].Value)];
    }

    /// <summary>The flags of the sessions in everything that was written down.</summary>
    public string[] SessionFlags() =>
        [.. Directory.GetFiles(_directory.Path, "spy-*").SelectMany(
            file => Session().Matches(File.ReadAllText(file)).Select(session => session.Groups["flags"].Value))];

    /// <summary>Makes a key; AES-256 that fits unless a test says otherwise.</summary>
    public void MakeKey(string label, string id = "01", int length = 32, string attributes = Usual)
    {
        using Process maker = Child.Start(ChildProgram.MakeTokenKey, ("SOFTHSM2_CONF", _directory.File("softhsm2.conf")));
        foreach (string line in (string[])[Module, Token, Pin, label, id, $"{length}", attributes])
            maker.StandardInput.WriteLine(line);

        maker.StandardInput.Close();
        maker.WaitForExit();
        maker.ExitCode.Should().Be(0, label);
    }

    /// <summary>
    /// A random AES-256 key to be imported: softhsm2-util reads the file of one up to its first zero byte or newline.
    /// </summary>
    public static byte[] NewKnownKey() =>
        [.. RandomNumberGenerator.GetBytes(32).Select(part => part is 0 or (byte)'\n' ? (byte)1 : part)];

    /// <summary>Puts a key into the token that the test knows.</summary>
    public void Import(string label, byte[] key)
    {
        string file = _directory.Write("key", "");
        File.WriteAllBytes(file, key);
        Util("--import", file, "--aes", "--token", Token, "--pin", Pin, "--label", label, "--id", "0a");
        File.Delete(file);
    }

    /// <summary>Deletes a key.</summary>
    public void DeleteKey(string label) => Run(
        "pkcs11-tool", "--module", Module, "--token-label", Token, "--login", "--pin", Pin, "--delete-object", "--type", "secrkey",
        "--label", label);

    /// <summary>Takes the token away.</summary>
    public void DeleteToken() => Util("--delete-token", "--token", Token);

    public void Dispose() => _directory.Dispose();

    private void Util(params string[] arguments) => Run("softhsm2-util", arguments);

    private void Run(string program, params string[] arguments) =>
        Shell.Must("env", [$"SOFTHSM2_CONF={_directory.File("softhsm2.conf")}", program, .. arguments]);

    private static string? FindSpy() => !Directory.Exists("/usr/lib")
        ? null
        : Directory.GetDirectories("/usr/lib", "*-linux-gnu").Select(folder => Path.Combine(folder, "pkcs11-spy.so"))
            .FirstOrDefault(File.Exists);

    [GeneratedRegex("^[0-9]+: (?<call>C_[A-Za-z]+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Call();

    [GeneratedRegex(@"C_OpenSession\n(.*\n){1,3}?\[in\] flags = (?<flags>0x[0-9a-f]+)")]
    private static partial Regex Session();
}
