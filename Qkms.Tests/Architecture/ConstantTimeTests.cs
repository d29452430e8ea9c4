using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.Architecture;

/// <summary>
/// No method that touches secrets divides, or looks anything up at a secret place. C# compiles <c>x % 3329</c> to a multiplication when it
/// optimises and to a division, whose time depends on x, when it does not, so that both machine codes are read: a child process compiles
/// every marked method and has the runtime write down what it made.
/// </summary>
public sealed partial class ConstantTimeTests
{
    /// <summary>Types of the engine without secrets in their operands, and why.</summary>
    private static readonly Dictionary<string, string> _publicTypes = new()
    {
        ["Fips203.ParameterSet"] = "constants of the standard",
        ["Fips204.ParameterSet"] = "constants of the standard",
        ["Fips203.RingElement"] = "a view: lengths and indices only",
        ["Fips203.NttElement"] = "a view: lengths and indices only",
        ["Fips203.Factor"] = "a view: lengths and indices only",
        ["Fips203.FactorVector"] = "a view: lengths and indices only",
        ["Fips203.RingVector"] = "a view: lengths and indices only",
        ["Fips203.NttVector"] = "a view: lengths and indices only",
        ["Fips204.RingElement"] = "a view: lengths and indices only",
        ["Fips204.NttElement"] = "a view: lengths and indices only",
        ["Fips204.RingVector"] = "a view: lengths and indices only",
        ["Fips204.NttVector"] = "a view: lengths and indices only",
        ["Fips204.VerificationKey"] = "public keys, messages and signatures",
        ["Fips204.MessageFormat"] = "public keys and messages",
        ["Fips204.SampleInBall"] = "c̃, of which its remarks say why it may be seen",
    };

    /// <summary>Methods of types that have secrets, whose own operands are public, and why.</summary>
    private static readonly Dictionary<string, string> _publicMethods = new()
    {
        ["Fips202.Keccak:get_RoundConstants"] = "constants",
        ["Fips202.Sponge:.ctor"] = "rate and suffix",
        ["Fips202.Sponge:NewShake128"] = "constants",
        ["Fips202.Sponge:NewShake256"] = "constants",
        ["Fips203.EncapsulationKey:.ctor"] = "a public key",
        ["Fips203.EncapsulationKey:Decode"] = "a public key",
        ["Fips203.EncapsulationKey:AllocateElements"] = "lengths",
        ["Fips203.EncapsulationKey:MatrixOf"] = "a public key",
        ["Fips203.EncapsulationKey:TOf"] = "a public key",
        ["Fips203.EncapsulationKey:get_Encoded"] = "a public key",
        ["Fips203.EncapsulationKey:get_Hash"] = "a public key",
        ["Fips203.ByteCodec:.cctor"] = "constants",
        ["Fips203.ByteCodec:LayOutShifts"] = "constants",
        ["Fips203.ByteCodec:LayOutSpread"] = "constants",
        ["Fips203.Ntt:.cctor"] = "constants",
        ["Fips203.Ntt:LayOut"] = "constants",
        ["Fips203.Products:.cctor"] = "constants",
        ["Fips203.Products:LayOutGammas"] = "constants",
        ["Fips203.Sampling:.cctor"] = "constants",
        ["Fips203.Sampling:LayOutCompressions"] = "constants",
        ["Fips203.Sampling:Accept"] = "ρ, part of the public key",
        ["Fips203.Sampling:AcceptPlain"] = "ρ, part of the public key",
        ["Fips203.Sampling:AcceptVector256"] = "ρ, part of the public key",
        ["Fips203.Sampling:Compress"] = "ρ, part of the public key",
        ["Fips203.Sampling:AcceptAll"] = "ρ, part of the public key",
        ["Fips203.Sampling:EndingOf"] = "places in the matrix",
        ["Fips203.Sampling:ExpandEntries"] = "ρ, part of the public key",
        ["Fips203.Sampling:ExpandMatrix"] = "ρ, part of the public key",
        ["Fips203.Ntt:get_Zetas"] = "constants",
        ["Fips203.MLKemManaged:.ctor"] = "references",
        ["Fips203.MLKemManaged:get_IsSupported"] = "a constant",
        ["Fips203.MLKemManaged:ImportEncapsulationKey"] = "a public key",
        ["Fips203.MLKemManaged:ImportSubjectPublicKeyInfo"] = "a public key",
        ["Fips203.MLKemManaged:ExportEncapsulationKeyCore"] = "a public key",
        ["Fips203.MLKemManaged:Dispose"] = "references",
        ["Fips203.MLKemManaged:RequireDecapsulationKey"] = "references",
        ["Fips203.MLKemManaged:RequireLength"] = "lengths",
        ["Fips203.MLKemManaged:RequireContentLength"] = "lengths",
        ["Fips204.Gamma2:.ctor"] = "constants",
        ["Fips204.Gamma2:.cctor"] = "constants",
        ["Fips204.Hints:Use"] = "signatures",
        ["Fips204.Hints:Encode"] = "a hint that is published",
        ["Fips204.Hints:TryDecode"] = "signatures",
        ["Fips204.Ntt:get_Zetas"] = "constants",
        ["Fips204.Hints:UsePlain"] = "signatures",
        ["Fips204.Hints:UseVector256"] = "signatures",
        ["Fips204.BitCodec:.cctor"] = "constants",
        ["Fips204.BitCodec:LayOutShifts"] = "constants",
        ["Fips204.BitCodec:LayOutSpread"] = "constants",
        ["Fips204.Ntt:.cctor"] = "constants",
        ["Fips204.Ntt:LayOut"] = "constants",
        ["Fips204.Products:MultiplySubtract"] = "verification only",
        ["Fips204.Products:SumRowLess"] = "verification only",
        ["Fips204.Sampling:ExpandMatrix"] = "ρ, part of the public key",
        ["Fips204.Sampling:Accept"] = "ρ, part of the public key",
        ["Fips204.Sampling:AcceptPlain"] = "ρ, part of the public key",
        ["Fips204.Sampling:AcceptVector256"] = "ρ, part of the public key",
        ["Fips204.SignatureCodec:Encode"] = "a signature that is published",
        ["Fips204.SignatureCodec:TryDecode"] = "signatures",
        ["Fips204.SigningKey:Take"] = "lengths",
        ["Fips204.MLDsaManaged:.ctor"] = "references",
        ["Fips204.MLDsaManaged:get_IsSupported"] = "a constant",
        ["Fips204.MLDsaManaged:ImportMLDsaPublicKey"] = "a public key",
        ["Fips204.MLDsaManaged:ImportSubjectPublicKeyInfo"] = "a public key",
        ["Fips204.MLDsaManaged:ComputeMu"] = "messages",
        ["Fips204.MLDsaManaged:ComputeFormattedMuForTesting"] = "messages",
        ["Fips204.MLDsaManaged:VerifyDataCore"] = "signatures",
        ["Fips204.MLDsaManaged:VerifyPreHashCore"] = "signatures",
        ["Fips204.MLDsaManaged:VerifyMuCore"] = "signatures",
        ["Fips204.MLDsaManaged:ExportMLDsaPublicKeyCore"] = "a public key",
        ["Fips204.MLDsaManaged:Dispose"] = "references",
        ["Fips204.MLDsaManaged:RequireSigningKey"] = "references",
        ["Fips204.MLDsaManaged:RequireLength"] = "lengths",
        ["Fips204.MLDsaManaged:RequireContentLength"] = "lengths",
        ["Rfc9180.Hpke:Overhead"] = "lengths",
        ["Rfc9180.KeySchedule:WriteSuiteId"] = "constants of the standard",
        ["Rfc9180.KeySchedule:WriteContext"] = "the info, which is public",
        ["Rfc9180.KeySchedule:Append"] = "lengths; it copies",
        ["Rfc9180.KeySchedule:get_VersionLabel"] = "constants",
        ["Rfc9180.Suite:.ctor"] = "constants of the standard",
        ["Rfc9180.Suite:.cctor"] = "constants of the standard",
        ["Rfc9180.Suite:Of"] = "names of algorithms",
        ["Rfc9180.Suite:ContextOf"] = "the info, which is public",
        ["Rfc9180.InfoContext:.ctor"] = "the info, which is public",
        ["Rfc9180.InfoContext:get_Bytes"] = "the info, which is public",
        ["Rfc9180.InfoContext:IsOf"] = "the info, which is public",
    };

    /// <summary>Tables that methods with secrets read, and why the place they read at is no secret.</summary>
    private static readonly Dictionary<string, string> _tables = new()
    {
        ["Fips203.ByteCodec:_spread"] = "a vector for each width",
        ["Fips203.ByteCodec:_shifts"] = "a vector for each width",
        ["Fips203.Ntt:_forwardRoots"] = "in the order of the layers",
        ["Fips203.Ntt:_inverseRoots"] = "in the order of the layers",
        ["Fips203.Products:_gammas"] = "beside the coefficients",
        ["Fips204.BitCodec:_spread"] = "a vector for each width",
        ["Fips204.BitCodec:_shifts"] = "a vector for each width",
        ["Fips204.Ntt:_forwardRoots"] = "in the order of the layers",
        ["Fips204.Ntt:_inverseRoots"] = "in the order of the layers",
    };

    [Fact]
    public Task Unoptimised_methods_that_touch_secrets_do_not_divide() =>
        NoListingDividesAsync("MinOpts", ("DOTNET_JITMinOpts", "1"));

    [FactIf(Requirement.OptimisedBuild)]
    public Task Optimised_methods_that_touch_secrets_do_not_divide() =>
        NoListingDividesAsync("FullOpts", ("DOTNET_TieredCompilation", "0"));

    [Theory]
    [InlineData("       idiv     edx:eax, ecx", true)]
    [InlineData("       div      edx:eax, r8d", true)]
    [InlineData("       sdiv    w0, w0, w1", true)]
    [InlineData("       udiv    x0, x0, x1", true)]
    [InlineData("       vdivsd   xmm0, xmm0, xmm1", true)]
    [InlineData("       call     CORINFO_HELP_ULMOD", true)]
    [InlineData("       imul     eax, dword ptr [rbp-0x08], 0xD01", false)]
    [InlineData("       call     [System.Math:DivRem(int,int):int]", false)]
    public void Divisions_are_recognised(string line, bool divides) => Division().IsMatch(line).Should().Be(divides);

    [Theory]
    [InlineData("       vpgatherdd ymm0, ymmword ptr [rdi+4*ymm1], ymm2", true)]
    [InlineData("       vgatherqpd zmm0 {k1}, [rdi+8*zmm1]", true)]
    [InlineData("       vpscatterdd [rdi+4*zmm1] {k1}, zmm0", true)]
    [InlineData("       vpermi2w ymm0, ymm1, ymm2", false)]
    public void Gathers_are_recognised(string line, bool gathers) => Gather().IsMatch(line).Should().Be(gathers);

    /// <summary>
    /// The table that presses accepted candidates together is indexed by what was accepted, which only a public stream may decide. So every
    /// table that a method with secrets reads is listed, with what it is indexed by.
    /// </summary>
    [Fact]
    public void Methods_that_touch_secrets_read_known_tables_only()
    {
        HashSet<string> read = [.. SecretMethods.All().SelectMany(SecretMethods.TablesReadBy)];
        read.Except(_tables.Keys).Should().BeEmpty("a new table is listed here with the reason why its index is public");
        _tables.Keys.Except(read).Should().BeEmpty("what is listed here is read");
    }

    [Fact]
    public void Every_method_of_the_engine_is_marked_or_known_to_be_public()
    {
        string[] folders = ["Fips202", "Fips203", "Fips204", "Rfc9180"];
        List<string> unknown = [];
        HashSet<string> used = [];
        foreach (Type type in typeof(TouchesSecretsAttribute).Assembly.GetTypes())
        {
            string? folder = folders.FirstOrDefault(name => type.Namespace == $"Qkms.Core.Cryptography.{name}");
            if (folder is null || typeof(Delegate).IsAssignableFrom(type))
                continue;
            string name = $"{folder}.{type.Name}";
            if (_publicTypes.ContainsKey(name))
            {
                used.Add(name);
                continue;
            }

            foreach (MethodBase method in SecretMethods.WrittenIn(type))
            {
                string methodName = $"{name}:{method.Name}";
                bool marked = method.IsDefined(typeof(TouchesSecretsAttribute));
                if (_publicMethods.ContainsKey(methodName) && !marked)
                    used.Add(methodName);
                else if (!marked)
                    unknown.Add(methodName);
            }
        }

        unknown.Should().BeEmpty("a new method is marked with [TouchesSecrets], or listed here with the reason why it need not be");
        _publicTypes.Keys.Concat(_publicMethods.Keys).Except(used).Should().BeEmpty("what is listed here exists and is not marked");
    }

    private static async Task NoListingDividesAsync(string tier, params (string Name, string Value)[] environment)
    {
        Dictionary<string, int> expected = SecretMethods.All().CountBy(SecretMethods.ListingName).ToDictionary();
        expected.Should().HaveCountGreaterThan(90, "the marks are found");

        using TemporaryDirectory folder = new();
        string file = folder.File("listing.asm");
        using (Process child = Child.Start(
            ChildProgram.CompileSecretMethods,
            [
                .. environment, ("DOTNET_JitDisasm", "Qkms.Core.Cryptography.*:*"), ("DOTNET_JitStdOutFile", file),
                ("DOTNET_TieredPGO", "0")
            ]))
        {
            await child.WaitForExitAsync();
            child.ExitCode.Should().Be(0);
        }

        var listed = new Dictionary<string, int>();
        List<string> divisions = [];
        string method = string.Empty;
        int instructions = 0;
        foreach (string line in File.ReadLines(file))
        {
            Match header = Header().Match(line);
            if (header.Success)
            {
                header.Groups["tier"].Value.Should().StartWith(tier, line);
                method = header.Groups["method"].Value;
                listed[method] = listed.GetValueOrDefault(method) + 1;
            }
            else if (expected.ContainsKey(method))
            {
                instructions++;
                if (Division().IsMatch(line) || Gather().IsMatch(line))
                    divisions.Add($"{method}: {line.Trim()}");
            }
        }

        divisions.Should().BeEmpty();
        expected.Where(item => listed.GetValueOrDefault(item.Key) < item.Value)
            .Should().BeEmpty("every marked method has a listing, without which this test shows nothing");
        instructions.Should().BeGreaterThan(5000, "the listings have machine code in them");
    }

    [GeneratedRegex(@"^; Assembly listing for method (?<method>[^\[(]+).*\((?<tier>[^()]+)\)$")]
    private static partial Regex Header();

    /// <summary>
    /// Integer divisions of x64 and Arm64, those of floating point, and the runtime's helpers on machines without the instruction.
    /// </summary>
    [GeneratedRegex(@"^\s+(?:(?:i?div|[su]div|fdiv|v?div[sp][sd])\s|call\s+.*CORINFO_HELP_\w*(?:DIV|MOD))", RegexOptions.IgnoreCase)]
    private static partial Regex Division();

    /// <summary>Reads and writes at many places at once, whose time depends on the places.</summary>
    [GeneratedRegex(@"^\s+vp?(?:gather|scatter)", RegexOptions.IgnoreCase)]
    private static partial Regex Gather();
}
