"use strict";exports.id=68,exports.ids=[68],exports.modules={68:((P,E,_)=>{_.d(E,{fromEnv:()=>s.g});var s=_(330),D=_(350),M=_(739),O=_(999),K=_(828)})};
