using System.Runtime.CompilerServices;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using Net.Pkcs11Interop.HighLevelAPI.Factories;
using Qkms.Core.Pkcs11;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>
/// Makes a secret key in a token, as an administrator of it does, with whatever attributes a test wants. In a process of its own: what a
/// module reads of the environment, and what it knows, belongs to the whole process.
/// </summary>
internal static class TokenKeyMaker
{
    /// <summary>
    /// Reads what to make, a value a line: module, token, PIN, label, id, length in bytes, and the attributes that are true.
    /// </summary>
    internal static void Run(TextReader input)
    {
        string[] lines = [.. Enumerable.Range(0, 7).Select(_ => input.ReadLine()!)];
        string[] isTrue = lines[6].Split(' ');

        // It has the library find what it loads modules with.
        RuntimeHelpers.RunClassConstructor(typeof(TokenModule).TypeHandle);
        Pkcs11InteropFactories factories = new();
        using IPkcs11Library library = factories.Pkcs11LibraryFactory.LoadPkcs11Library(factories, lines[0], AppType.MultiThreaded);
        using ISession session = library.GetSlotList(SlotsType.WithTokenPresent).Single(slot => slot.GetTokenInfo().Label == lines[1])
            .OpenSession(SessionType.ReadWrite);
        session.Login(CKU.CKU_USER, lines[2]);
        IObjectAttributeFactory make = factories.ObjectAttributeFactory;
        using IMechanism mechanism = factories.MechanismFactory.Create(CKM.CKM_AES_KEY_GEN);
        session.GenerateKey(
            mechanism,
            [
                make.Create(CKA.CKA_TOKEN, true),
                make.Create(CKA.CKA_PRIVATE, true),
                make.Create(CKA.CKA_LABEL, lines[3]),
                make.Create(CKA.CKA_ID, Convert.FromHexString(lines[4])),
                make.Create(CKA.CKA_VALUE_LEN, ulong.Parse(lines[5], System.Globalization.CultureInfo.InvariantCulture)),
                .. ((CKA[])[CKA.CKA_SENSITIVE, CKA.CKA_EXTRACTABLE, CKA.CKA_ENCRYPT, CKA.CKA_DECRYPT])
                    .Select(attribute => make.Create(attribute, isTrue.Contains(attribute.ToString()))),
            ]);
        session.Logout();
    }
}
